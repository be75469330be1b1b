/** Paths relative to the base URL. They stand in the AAD of envelopes exactly like this. */
export const TIME_PATH = "identity_iot/ii_time";
export const REGISTER_PATH = "identity_iot/ii_register_node";
export const CHALLENGE_PATH = "identity_iot/ii_request_challenge";
export const VERIFY_PATH = "identity_iot/ii_verify_node";
export const ROTATE_KEY_PATH = "identity_iot/ii_rotate_key";
export const POST_PATH = "identity_iot/ii_post";
export const FIRMWARE_PATH = "identity_iot/ii_firmware";
export const CHECK_IN_PATH = "identity_tag/it_node_checkin";

/** Length of a node's nonce: it makes a signed answer fresh. */
export const CLIENT_NONCE_BYTES = 16;
/** The latest time that a message may name, Unix seconds (the year 9999). */
export const MAX_UNIX_TIME = 253_402_300_799;
