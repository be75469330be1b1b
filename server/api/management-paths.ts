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

export const UPLOAD_PIECE_PATH = "identity_manage/im_upload_piece";
export const PUBLISH_AUTHORITY_PATH = "identity_manage/im_publish_authority";
export const PUBLISH_RELEASE_PATH = "identity_manage/im_publish_release";

export const MANDATE_LOG_PATH = "mandate_judicial/mj_mandate_log";
export const COLLECT_EXPORT_PATH = "mandate_judicial/mj_collect_export";
export const WITHDRAW_MANDATE_PATH = "mandate_judicial/mj_withdraw_mandate";
export const LIST_MANDATES_PATH = "mandate_judicial/mj_list_mandates";

export const LIST_OPERATORS_PATH = "identity_manage/im_list_operators";
export const CREATE_OPERATOR_PATH = "identity_manage/im_create_operator";
export const SET_OPERATOR_ROLE_PATH = "identity_manage/im_set_operator_role";
export const REMOVE_OPERATOR_PATH = "identity_manage/im_remove_operator";

export const LIST_DOORS_PATH = "identity_manage/im_list_doors";
export const LIST_RULES_PATH = "identity_manage/im_list_rules";
export const PUT_SITE_PATH = "identity_manage/im_put_site";
export const PUT_ZONE_PATH = "identity_manage/im_put_zone";
export const PUT_SCHEDULE_PATH = "identity_manage/im_put_schedule";
export const PUT_CALENDAR_PATH = "identity_manage/im_put_calendar";
export const REMOVE_RULE_PATH = "identity_manage/im_remove_rule";
export const LIST_PEOPLE_PATH = "identity_manage/im_list_people";
export const PUT_PERSON_PATH = "identity_manage/im_put_person";
export const GIVE_BADGE_PATH = "identity_manage/im_give_badge";
export const LIST_PRESENCE_PATH = "identity_manage/im_list_presence";
export const FORGIVE_PATH = "identity_manage/im_forgive_passback";
export const LIST_ENTITLEMENTS_PATH = "identity_manage/im_list_entitlements";
export const ADD_ENTITLEMENT_PATH = "identity_manage/im_add_entitlement";
export const REMOVE_ENTITLEMENT_PATH = "identity_manage/im_remove_entitlement";
export const ASK_ACCESS_PATH = "identity_manage/im_ask_access";

export const INVITE_PERSON_PATH = "identity_manage/im_invite_person";
export const INVITE_VISITOR_PATH = "identity_manage/im_invite_visitor";
export const CREDENTIAL_STATUS_PATH = "identity_manage/im_set_credential_status";
export const LIST_ISSUERS_PATH = "identity_manage/im_list_issuers";
export const TRUST_ISSUER_PATH = "identity_manage/im_trust_issuer";
export const DISTRUST_ISSUER_PATH = "identity_manage/im_distrust_issuer";
export const ROTATE_ISSUER_KEY_PATH = "identity_manage/im_rotate_issuer_key";
export const WITHDRAW_ISSUER_KEY_PATH = "identity_manage/im_withdraw_issuer_key";
export const REVOKE_DEVICE_PATH = "identity_manage/im_revoke_device";
export const LOOK_UP_PERSON_PATH = "identity_manage/im_look_up_person";
