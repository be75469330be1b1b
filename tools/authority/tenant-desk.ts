import type { Admin } from "../../server/admin.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments, OptionSpec } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import { resolvePath, SERVER_FOLDER } from "../reader-file.ts";

export const SERVER_OPTIONS: readonly OptionSpec[] = [
  { name: "tenant", value: "uuid", help: "publish: the server's first by default" },
  { name: "data", value: "folder", help: `publish: server data; ${SERVER_FOLDER}` },
];

/** A tenant of a server on this machine. The caller closes it. @throws usage */
export async function tenantDesk(
  context: Context,
  args: Arguments,
): Promise<{ readonly admin: Admin; readonly tenantId: string; readonly close: () => void }> {
  const service = await context.openAdmin(resolvePath(context, args.text("data") ?? SERVER_FOLDER));
  const tenantId = args.text("tenant") ?? (await service.admin.tenants())[0]?.tenantId;
  if (tenantId !== undefined)
    return { admin: service.admin, tenantId, close: () => service.close() };
  service.close();
  throw usageError("the server has no tenant", "tenant");
}
