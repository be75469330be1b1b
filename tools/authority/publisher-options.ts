import { usageError } from "../cli/arguments.ts";
import type { Arguments, OptionSpec } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import { managerOf } from "../manage/manager-options.ts";
import { resolvePath, SERVER_FOLDER } from "../reader-file.ts";
import type { Publisher } from "./publisher.ts";

/** Of commands that publish, among others. */
export const SERVER_OPTIONS: readonly OptionSpec[] = [
  { name: "url", value: "url", help: "publish: a server elsewhere; token in $LATCHKEY_TOKEN" },
  { name: "tenant", value: "uuid", help: "publish: the server's first; needed with --url" },
  { name: "data", value: "folder", help: `publish: without --url; ${SERVER_FOLDER}` },
];

/** A tenant of a server, on this machine or elsewhere. The caller closes it. @throws usage */
export async function publisherOf(context: Context, args: Arguments): Promise<Publisher> {
  if (args.flag("url")) {
    if (args.flag("data")) throw usageError("--url or --data, not both", "data");
    // Only here, so that no other command waits for it.
    const { remotePublisher } = await import("./publisher.ts");
    return remotePublisher(await managerOf(context, args));
  }
  const service = await context.openAdmin(resolvePath(context, args.text("data") ?? SERVER_FOLDER));
  const { admin } = service;
  const tenantId = args.text("tenant") ?? (await admin.tenants())[0]?.tenantId;
  const close = async () => void (await service.close());
  if (tenantId !== undefined)
    return {
      ...{ tenantId, close },
      publishAuthority(graph, requireDelegation) {
        const wish = requireDelegation === undefined ? {} : { requireDelegation };
        return admin.publishAuthority({ tenantId, graph, ...wish });
      },
      publishRelease: (manifest, image) => admin.publishRelease({ tenantId, manifest, image }),
    };
  await close();
  throw usageError("the server has no tenant", "tenant");
}
