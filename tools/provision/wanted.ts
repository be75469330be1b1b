import { parseJson } from "../../firmware/config-fields.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { WifiSettings } from "../../protocol/improv/rpc.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import { readSecret } from "../cli/read-secret.ts";
import { READER_FILE, resolvePath } from "../reader-file.ts";

export const PASSWORD_ENV = "LATCHKEY_WIFI_PASSWORD";
export const TOKEN_ENV = "LATCHKEY_ENROL_TOKEN";

/** What a node is to be given. */
export interface Wanted {
  /** Absent for a device that is only to join a Wi-Fi. */
  readonly json: string | undefined;
  /** What the node has to join; absent for a wired one. */
  readonly wifi: WifiSettings | undefined;
}

/**
 * Puts together configuration, Wi-Fi and token from files, options and the environment.
 * @throws usage, file-unusable, config-invalid, cancelled
 */
export async function wanted(context: Context, args: Arguments): Promise<Wanted> {
  const config = readConfig(context, args.text("config"));
  const wifi = await wifiFrom(context, args);
  const token = args.text("token") ?? context.env[TOKEN_ENV];
  if (config === undefined) {
    if (wifi === undefined)
      throw usageError(`there is no ${READER_FILE} here: give --config or --wifi-ssid`, "config");
    if (token !== undefined) throw usageError("--token goes into a configuration: --config");
    return { json: undefined, wifi };
  }
  const whole = {
    ...config,
    ...(token === undefined ? {} : { enrol_token: token }),
    ...(wifi === undefined ? {} : { wifi: wifiFields(wifi) }),
  };
  return { json: JSON.stringify(whole), wifi: wifi ?? wifiOf(config) };
}

/** The file that was named, or the one that `latchkey init` makes, if it is here. */
function readConfig(context: Context, named: string | undefined): object | undefined {
  const path = named ?? READER_FILE;
  const text = context.readText(resolvePath(context, path));
  if (text === undefined) {
    if (named === undefined) return undefined;
    throw new LatchkeyError("file-unusable", { message: `there is no ${path}` });
  }
  const value = parseJson(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new LatchkeyError("config-invalid", { message: `${path}: must be an object` });
}

async function wifiFrom(context: Context, args: Arguments): Promise<WifiSettings | undefined> {
  const ssid = args.text("wifi-ssid");
  if (ssid === undefined) {
    if (args.flag("wifi-open")) throw usageError("--wifi-open needs --wifi-ssid", "wifi-open");
    return undefined;
  }
  if (ssid === "" || Buffer.byteLength(ssid) > 32)
    throw usageError("a Wi-Fi's name has 1 to 32 bytes", "wifi-ssid");
  if (args.flag("wifi-open")) return { ssid, password: "" };
  const password = context.env[PASSWORD_ENV] ?? (await askPassword(context, ssid));
  if (password.length < 8 || password.length > 63) {
    const message = `the password of "${ssid}" has 8 to 63 characters, not ${password.length}`;
    throw new LatchkeyError("wifi-password-wrong", { message });
  }
  return { ssid, password };
}

function askPassword(context: Context, ssid: string): Promise<string> {
  if (context.stdin.isTTY !== true)
    throw usageError(`set ${PASSWORD_ENV} to the password of "${ssid}", or give --wifi-open`);
  return readSecret(context, `Password of the Wi-Fi "${ssid}"`);
}

function wifiFields({ ssid, password }: WifiSettings) {
  return { ssid, ...(password === "" ? {} : { password }) };
}

function wifiOf(config: object): WifiSettings | undefined {
  const { wifi } = config as { wifi?: { ssid?: unknown; password?: unknown } };
  if (typeof wifi?.ssid !== "string") return undefined; // the node says what is wrong with it
  return { ssid: wifi.ssid, password: typeof wifi.password === "string" ? wifi.password : "" };
}
