/** Paths relative to the server's URL. The first three are an application's, the rest a back end's. */
export const APP_REGISTER_PATH = "identity_app/ia_register";
export const APP_CHALLENGE_PATH = "identity_app/ia_request_challenge";
export const APP_VERIFY_PATH = "identity_app/ia_verify";
export const APP_OPEN_PATH = "identity_app/ia_open";
export const APP_SEAL_PATH = "identity_app/ia_seal";
