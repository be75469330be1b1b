import { INVITE_PERSON_PATH } from "../../server/api/management-paths.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent, Row } from "../cli/event.ts";
import { RegistryLink } from "../human/registry-link.ts";
import { managerOf } from "../manage/manager-options.ts";
import { need } from "./human-files.ts";
import { nameOf, personFolderOf, wordsOf } from "./human-root.ts";

type Events = AsyncGenerator<CliEvent, undefined>;

const INVITATION = "LATCHKEY_INVITATION";

/** `human invite`: what an operator gives to whoever is to enrol. */
export async function* invite(context: Context, args: Arguments): Events {
  const manager = await managerOf(context, args);
  try {
    const { token, expires_at: expiresAt } = await manager.ask(INVITE_PERSON_PATH);
    yield { type: "secret", name: "Invitation", value: String(token) };
    const until = new Date(Number(expiresAt) * 1000).toISOString();
    yield { type: "note", text: `It is good once, until ${until}, in tenant ${manager.tenantId}.` };
    const tenant = `--tenant ${manager.tenantId}`;
    const command = `${INVITATION}=… npx latchkey human enrol --url URL ${tenant} --words FILE`;
    yield { type: "next", text: "Whoever has it enrols with:", command };
  } finally {
    await manager.close();
  }
}

/** `human enrol`: the folder's root comes to a registry. */
export async function* enrolOnline(context: Context, args: Arguments): Events {
  const token = context.env[INVITATION];
  if (token === undefined || token === "")
    throw usageError(`enrol needs the invitation in the environment: ${INVITATION}`);
  const place = { url: need(args, "url"), tenantId: need(args, "tenant") };
  const link = new RegistryLink(context, personFolderOf(context, args), place);
  await link.enrol(wordsOf(context, args), token);
  yield { type: "done", text: `The root is enrolled at ${place.url}`, fields: place };
}

/** `human device revoke --serial HEX`: one that this folder does not have. */
export async function* revokeSerial(context: Context, args: Arguments, serial: string): Events {
  const link = linkOf(context, args);
  await link.revokeSerial(serial, args.flag("lost"), args.text("by"));
  const fields = { serial, url: link.place.url };
  yield { type: "done", text: `The registry has revoked ${serial}`, fields };
}

function linkOf(context: Context, args: Arguments): RegistryLink {
  const link = RegistryLink.open(context, personFolderOf(context, args));
  if (link === undefined)
    throw usageError("no registry knows this folder: begin with `latchkey human enrol`");
  return link;
}

/**
 * `human device join NAME`: the registry hears of a device that was added without it; with `--url`
 * and `--tenant` from a folder that it does not know yet, as after `recover`.
 */
export async function* joinDevice(context: Context, args: Arguments): Events {
  const name = nameOf(args, "device join");
  const url = args.text("url");
  const link =
    url === undefined
      ? linkOf(context, args)
      : new RegistryLink(context, personFolderOf(context, args), {
          ...{ url, tenantId: need(args, "tenant") },
        });
  await link.join(name);
  const fields = { device: name, url: link.place.url };
  yield { type: "done", text: `The registry at ${link.place.url} has ${name}`, fields };
}

/** `human account`: how the registry has the person. */
export async function* account(context: Context, args: Arguments): Events {
  const { generation, devices, revoked } = await linkOf(context, args).account(args.text("by"));
  const rows: Row[] = [
    ["generation", String(generation)],
    ...devices.map((serial): Row => [serial, "speaks for you"]),
    ...revoked.map((serial): Row => [serial, "revoked"]),
  ];
  yield { type: "table", title: "At the registry", rows };
}
