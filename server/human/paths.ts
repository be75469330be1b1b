/** Paths relative to the base URL; see docs/human.md. */
export const BEGIN_ENROLMENT_PATH = "identity_human/ih_begin_enrolment";
export const ENROL_PATH = "identity_human/ih_enrol";
export const ACCOUNT_PATH = "identity_human/ih_account";
export const SUBMIT_PATH = "identity_human/ih_submit";
export const RESOLVE_PATH = "identity_human/ih_resolve";
export const TYPE_PATH = "identity_human/ih_type";
export const ISSUER_PATH = "identity_human/ih_issuer";
export const STATUS_LIST_PATH = "identity_human/ih_status_list";
