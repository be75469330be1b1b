/** Paths relative to the base URL. They stand in the AAD of envelopes exactly like this. */
export const BADGE_CHALLENGE_PATH = "identity_tag/it_request_challenge";
export const BADGE_VERIFY_PATH = "identity_tag/it_verify_badge";
export const SEALED_BEGIN_PATH = "identity_tag/it_begin_sealed";
export const SEALED_CONTINUE_PATH = "identity_tag/it_continue_sealed";
export const REGISTER_BADGE_PATH = "identity_tag/it_register_badge";
export const LIST_NODES_PATH = "identity_tag/it_list_nodes";

/** The chip's UID: the NTAG 424 DNA has 7 bytes (NT4H2421Gx §8.1). */
export const BADGE_UID_BYTES = 7;
