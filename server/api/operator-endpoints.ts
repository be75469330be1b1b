import { LatchkeyError } from "../../protocol/errors.ts";
import { OPERATOR_NAME, operatorAdmin } from "../operator-admin.ts";
import { ROLES } from "../roles.ts";
import { OPERATOR_NAME_MAX } from "../store/operators.ts";
import { DONE, type Endpoint, managed } from "./endpoint.ts";
import { list, matching, oneOf, text } from "./field.ts";
import { form, object } from "./form.ts";
import {
  CREATE_OPERATOR_PATH,
  LIST_OPERATORS_PATH,
  REMOVE_OPERATOR_PATH,
  SET_OPERATOR_ROLE_PATH,
} from "./management-paths.ts";
import { time } from "./node-endpoints.ts";

const name = matching(OPERATOR_NAME, "not of a-z, 0-9 and . _ @ -", OPERATOR_NAME_MAX);
const role = oneOf(ROLES);

/** Who else may run a tenant. Operators of all tenants are made on the machine itself only. */
export const OPERATOR_ENDPOINTS: readonly Endpoint[] = [
  managed({
    may: "manage-operators",
    path: LIST_OPERATORS_PATH,
    chapter: "management",
    summary: "The tenant's operators, one line for each token.",
    fields: {},
    answer: form({
      operators: list(object(form({ name: text(), role, created_at: time })), 1000),
    }),
    async handle(context, { tenantId }) {
      const operators = await operatorAdmin(context).operators(tenantId);
      return {
        operators: operators.map((each) => ({
          name: each.name,
          role: each.role,
          created_at: each.createdAt,
        })),
      };
    },
  }),
  managed({
    may: "manage-operators",
    path: CREATE_OPERATOR_PATH,
    chapter: "management",
    summary: "A token for an operator, shown this once. One name may have several.",
    fields: { name, role },
    answer: form({ token: text(128) }),
    async handle(context, { tenantId, operator }, { name: named, role: as }) {
      const made = { name: named, role: as, tenantId };
      return { token: await operatorAdmin(context).createOperator(made, operator.name) };
    },
  }),
  managed({
    may: "manage-operators",
    path: SET_OPERATOR_ROLE_PATH,
    chapter: "management",
    summary: "Gives all tokens of that name another role, from the next request on.",
    fields: { name, role },
    answer: DONE,
    codes: ["not-found"],
    async handle(context, { tenantId, operator }, { name: named, role: as }) {
      const changed = { name: named, role: as, tenantId };
      if (!(await operatorAdmin(context).setOperatorRole(changed, operator.name)))
        throw new LatchkeyError("not-found", { message: "no operator of that name" });
      return {};
    },
  }),
  managed({
    may: "manage-operators",
    path: REMOVE_OPERATOR_PATH,
    chapter: "management",
    summary: "Makes all tokens of that name worthless.",
    fields: { name },
    answer: DONE,
    codes: ["not-found"],
    async handle(context, { tenantId, operator }, { name: named }) {
      if (!(await operatorAdmin(context).removeOperator(named, tenantId, operator.name)))
        throw new LatchkeyError("not-found", { message: "no operator of that name" });
      return {};
    },
  }),
];
