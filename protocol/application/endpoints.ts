/** Paths relative to the server's URL: an application's, a back end's, an administrator's. */
export const APP_REGISTER_PATH = "identity_app/ia_register";
export const APP_CHALLENGE_PATH = "identity_app/ia_request_challenge";
export const APP_VERIFY_PATH = "identity_app/ia_verify";

export const APP_OPEN_PATH = "identity_app/ia_open";
export const APP_SEAL_PATH = "identity_app/ia_seal";

export const APP_CREATE_BACK_END_PATH = "identity_app/ia_create_back_end";
export const APP_SET_ROLE_PATH = "identity_app/ia_set_role";
