/** Relative to the base URL: what managers and admins do. */
export const LIST_FLEET_PATH = "identity_manage/im_list_fleet";
export const APPROVE_NODE_PATH = "identity_manage/im_approve_node";
export const REVOKE_NODE_PATH = "identity_manage/im_revoke_node";
export const ROTATE_NODE_PATH = "identity_manage/im_rotate_node";
export const CHANGE_NODE_PATH = "identity_manage/im_change_node";
export const CREATE_ENROL_TOKEN_PATH = "identity_manage/im_create_enrol_token";

export const LIST_BADGES_PATH = "identity_manage/im_list_badges";
export const SUSPEND_BADGE_PATH = "identity_manage/im_suspend_badge";
export const REINSTATE_BADGE_PATH = "identity_manage/im_reinstate_badge";
export const REVOKE_BADGE_PATH = "identity_manage/im_revoke_badge";

export const LIST_AUDIT_PATH = "identity_manage/im_list_audit";
export const LIST_ALARMS_PATH = "identity_manage/im_list_alarms";

export const MANDATE_LOG_PATH = "mandate_judicial/mj_mandate_log";
export const COLLECT_EXPORT_PATH = "mandate_judicial/mj_collect_export";
export const WITHDRAW_MANDATE_PATH = "mandate_judicial/mj_withdraw_mandate";
export const LIST_MANDATES_PATH = "mandate_judicial/mj_list_mandates";

export const LIST_OPERATORS_PATH = "identity_manage/im_list_operators";
export const CREATE_OPERATOR_PATH = "identity_manage/im_create_operator";
export const SET_OPERATOR_ROLE_PATH = "identity_manage/im_set_operator_role";
export const REMOVE_OPERATOR_PATH = "identity_manage/im_remove_operator";
