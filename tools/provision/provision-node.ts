import { crc32 } from "../../protocol/encoding/crc32.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isErrorCode } from "../../protocol/error-codes.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import { encodeWifi, type WifiSettings } from "../../protocol/improv/rpc.ts";
import { fingerprintGroups } from "../../protocol/node/fingerprint.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent, Row } from "../cli/event.ts";
import { pause, reopen } from "../reopen.ts";
import type { ImprovClient } from "./improv-client.ts";
import { describeNode, glance, type NodeFacts, nodeProgress } from "./node-facts.ts";
import { sendConfig } from "./send-config.ts";
import type { Wanted } from "./wanted.ts";

export interface ProvisionOptions {
  readonly path: string;
  readonly open: () => Promise<ImprovClient>;
  readonly wanted: Wanted;
  /** May take the place of a configuration that the node has. */
  readonly replace: boolean;
  /** How long the node may take to get to its server. */
  readonly waitMs: number;
}

const POLL_MS = 1_000;
/** Registered with the server, or in its list to be approved. */
const ARRIVED = ["registered", "exists", "pending"];

/** Gives a node what it lacks and waits until its server knows it. */
export async function* provisionNode(
  context: Context,
  options: ProvisionOptions,
): AsyncGenerator<CliEvent, void> {
  const { wanted } = options;
  const client = await options.open();
  let node: NodeFacts | undefined;
  let has = false;
  try {
    await client.state();
    node = await describeNode(client);
    yield await greeting(client, node);
    if (node === undefined || wanted.json === undefined) {
      yield* joinOnly(client, wanted);
      return;
    }
    has = hasConfig(node, wanted.json);
    if (has) yield { type: "note", text: "The node has this configuration already." };
    else {
      await needAccess(client, node, options);
      yield* giveConfig(client, node, wanted.json, wanted);
    }
  } finally {
    client.close();
  }
  const before = has ? undefined : node.get("config");
  yield* awaitArrival(context, options, node, (config) => config !== before);
}

async function greeting(client: ImprovClient, node: NodeFacts | undefined): Promise<CliEvent> {
  const [firmware = "?", version = "", chip = "", name = ""] = await client.info();
  const fingerprint = node?.get("fingerprint");
  const rows: Row[] = [
    ["firmware", `${firmware} ${version}`.trim()],
    ["chip", chip],
    ["name", name],
    ...(fingerprint === undefined ? [] : [fingerprintRow(fingerprint)]),
  ];
  return { type: "table", title: "Found", rows };
}

function fingerprintRow(fingerprint: string): Row {
  return ["fingerprint", fingerprintGroups(fingerprint).join(" ")];
}

function hasConfig(node: NodeFacts, json: string): boolean {
  return node.get("config") === String(crc32(toUtf8(json)));
}

/** @throws conflict, provisioning-locked */
async function needAccess(
  client: ImprovClient,
  node: NodeFacts,
  { replace, path }: ProvisionOptions,
): Promise<void> {
  if (node.get("access") === "open" && node.get("configured") !== "true") return;
  if (!replace) {
    const message = `the node at ${path} has a configuration already (--replace gives it another)`;
    throw new LatchkeyError("conflict", { message });
  }
  // Typed for the person, whose act was to pull the plug.
  client.type("provision\r");
  const now = await describeNode(client);
  if (now?.get("access") !== "open") throw new LatchkeyError("provisioning-locked");
}

/** A node without a configuration tries the Wi-Fi first: what is wrong is told before it counts. */
async function* giveConfig(
  client: ImprovClient,
  node: NodeFacts,
  json: string,
  { wifi }: Wanted,
): AsyncGenerator<CliEvent, void> {
  if (wifi !== undefined && node.get("radio") === "true" && node.get("configured") !== "true") {
    yield { type: "note", text: `Trying the Wi-Fi "${wifi.ssid}" …` };
    await joined(client, wifi);
    yield { type: "done", text: `The Wi-Fi "${wifi.ssid}" takes the password.` };
  }
  await sendConfig(client, json);
  yield { type: "done", text: "The node has checked and stored its configuration." };
}

/** Joins; when that fails on a node of ours, it says why. @throws wifi-…, network-down */
async function joined(client: ImprovClient, wifi: WifiSettings): Promise<string> {
  try {
    return await client.join(encodeWifi(wifi));
  } catch (error) {
    if (!isLatchkeyError(error, "network-down")) throw error;
    const code = (await nodeProgress(client)).get("wifi_error");
    throw isErrorCode(code) ? new LatchkeyError(code) : error;
  }
}

async function* joinOnly(client: ImprovClient, { json, wifi }: Wanted) {
  if (json !== undefined && wifi === undefined) {
    const message = "this device is not Latchkey: it takes a Wi-Fi (--wifi-ssid) and nothing else";
    throw new LatchkeyError("usage", { message });
  }
  if (wifi === undefined) return;
  const url = await joined(client, wifi);
  const text = `The device is on the Wi-Fi "${wifi.ssid}".`;
  yield { type: "done", text, fields: url === "" ? {} : { url } } satisfies CliEvent;
  if (url !== "") yield { type: "next", text: `Go on at ${url}` } satisfies CliEvent;
}

/** The node starts anew, and its USB port with it. */
async function* awaitArrival(
  context: Context,
  options: ProvisionOptions,
  node: NodeFacts,
  isNew: (config: string | undefined) => boolean,
): AsyncGenerator<CliEvent, void> {
  let leftMs = options.waitMs;
  let client: ImprovClient | undefined;
  let last: NodeFacts = new Map();
  let stage = "";
  try {
    for (; leftMs > 0 && !context.interrupted.aborted; leftMs -= POLL_MS) {
      client ??= await reopen(context, options.open, leftMs);
      if (client === undefined) break; // the port did not come back
      const seen = await glance(client, isNew);
      if (seen === undefined) {
        client.close();
        client = undefined;
        continue;
      }
      last = seen;
      const now = stageText(seen);
      if (now !== stage && now !== "") yield { type: "note", text: now };
      stage = now;
      if (isFinal(seen)) break;
      await pause(context, POLL_MS);
    }
  } finally {
    client?.close();
  }
  if (context.interrupted.aborted) throw new LatchkeyError("cancelled");
  yield* verdict(last, node);
}

function stageText(facts: NodeFacts): string {
  const stage = facts.get("stage") ?? "";
  const error = facts.get("error");
  return error === undefined ? stage : `${stage}: ${error}`;
}

/** A password does not become right by waiting. */
function isFinal(facts: NodeFacts): boolean {
  if (facts.get("error") === "wifi-password-wrong") return true;
  return ARRIVED.includes(facts.get("registration") ?? "");
}

function* verdict(last: NodeFacts, node: NodeFacts): Generator<CliEvent, void> {
  const registration = last.get("registration") ?? "";
  if (!ARRIVED.includes(registration)) {
    const code = last.get("error");
    if (isErrorCode(code)) throw new LatchkeyError(code);
    throw new LatchkeyError("provisioning-unfinished");
  }
  const fingerprint = node.get("fingerprint");
  yield {
    type: "table",
    title: "Node",
    rows: [
      ["registration", registration],
      ["node uid", last.get("node_uid") ?? "-"],
      ["network", [last.get("ssid"), last.get("address")].filter(Boolean).join(", ") || "-"],
      ...(fingerprint === undefined ? [] : [fingerprintRow(fingerprint)]),
    ],
  };
  if (registration === "pending") {
    const text = "Approve the node at the server, if the fingerprint on its display is this one.";
    yield { type: "next", text };
  }
}
