import { posix } from "node:path";
import { lineAt, type Room, readText } from "./source.ts";

export interface Edge {
  readonly from: string;
  readonly line: number;
  /** A file of the project, `node:x`, or a package's name. */
  readonly to: string;
}

const IMPORT =
  /^(?:import|export)\s+(?:[\w\s,{}*$]+?\sfrom\s+)?["']([^"']+)["']|\bimport\("([^"]+)"\)/gm;

/** Every import of a file, dynamic and type-only ones included. */
export function importsOf(file: string, text = readText(file)): Edge[] {
  return [...text.matchAll(IMPORT)].map((found) => {
    const target = found[1] ?? found[2] ?? "";
    const to = target.startsWith(".")
      ? posix.normalize(posix.join(posix.dirname(file), target))
      : target;
    return { from: file, line: lineAt(text, found.index), to };
  });
}

/** Whether `target` stands in a folder or is a package with a name that starts so. */
type Allowed = readonly string[];

const EVERYTHING: Allowed = [""];

/** The query layer and the drivers under it: their own folders only, see below. */
const DATABASES = ["kysely", "mysql2", "pg", "ioredis"];

/** The table of house.md ("may import"), with a room's own files. */
const MAY_IMPORT: Readonly<Record<Room, Allowed>> = {
  protocol: ["protocol/", "@noble/"],
  hal: ["hal/", "protocol/"],
  firmware: ["firmware/", "hal/", "protocol/"],
  "host-sim": ["host-sim/", "firmware/", "hal/", "protocol/", "server/", "@noble/", "yaml"],
  server: [
    "server/",
    "protocol/",
    "node:",
    "fastify",
    "pino",
    "sodium-native",
    "prom-client",
    "mqtt",
    "@simplewebauthn/server",
    ...DATABASES,
  ],
  sdk: ["sdk/", "protocol/", "@simplewebauthn/browser"],
  tools: EVERYTHING,
  bench: EVERYTHING,
  test: EVERYTHING,
  examples: EVERYTHING,
};

/** Only these parts may touch Node: the rest runs on XS as well, or in browsers. */
const NODE_PARTS = ["host-sim/node/", "sdk/node/"];

/** It goes into other people's back ends, alone. */
const BRIDGE = "server/bridge/";

/** Where the image meets the SDK: only here, modules of the SDK and of the image may be named. */
const IMAGE_ROOM = "firmware/platform/moddable/";
const FROM_THE_IMAGE = ["crypt", "embedded:", "ssl/cert", "timer", "latchkey/"];

/**
 * What one file may import besides. BIP 39's list of words weighs 14 kB, and nothing that a node
 * runs has to do with a person's words.
 */
const BESIDES: Readonly<Record<string, Allowed>> = {
  "protocol/human/mnemonic.ts": ["@scure/bip39"],
};

/**
 * A model is a judge of the driver, so it must not be built from what it judges. Each pair reads:
 * nothing in the first folder may import the second.
 */
const INDEPENDENT: readonly (readonly [string, string])[] = [
  ["host-sim/pn532/", "hal/pn532/"],
  ["host-sim/nfc/", "protocol/nfc/"],
  ["host-sim/nfc/", "protocol/ntag424/"],
  ["host-sim/nfc/", "protocol/badge/"],
  ["host-sim/nfc/", "protocol/ntag424/"],
  ["host-sim/board/", "hal/pn532/"],
  ["host-sim/rig/", "hal/sensors/"],
  ["host-sim/chips/", "hal/sensors/"],
  ["host-sim/chips/", "protocol/encoding/crc8.ts"],
  ["host-sim/chips/", "protocol/encoding/crc16-modbus"],
];

/** What speaks to a database or a cache stays behind the ports. */
const STORES_ON_THE_NETWORK = ["server/store/sql/", "server/store/redis/"];

/** Why an import is against the rules, or `undefined`. */
export function objection({ from, to }: Edge): string | undefined {
  const room = from.split("/")[0] as Room;
  if (NODE_PARTS.some((part) => from.startsWith(part)) && to.startsWith("node:")) return undefined;
  if (from.startsWith(BRIDGE) && !to.startsWith(BRIDGE)) return `${BRIDGE} may import only itself`;
  if (from.startsWith(IMAGE_ROOM) && FROM_THE_IMAGE.some((prefix) => to.startsWith(prefix)))
    return undefined;
  if (to.startsWith(IMAGE_ROOM) && !from.startsWith(IMAGE_ROOM) && room !== "test")
    return `${IMAGE_ROOM} is for the image only`;
  if (BESIDES[from]?.some((name) => to.startsWith(name))) return undefined;
  if (!MAY_IMPORT[room].some((prefix) => to.startsWith(prefix))) {
    return `${room}/ may import only ${MAY_IMPORT[room].join(", ")}`;
  }
  const isStore = STORES_ON_THE_NETWORK.some((folder) => from.startsWith(folder));
  if (room === "server" && DATABASES.includes(to) && !isStore) {
    return `only ${STORES_ON_THE_NETWORK.join(" and ")} may know ${to}`;
  }
  for (const [model, judged] of INDEPENDENT) {
    if (from.startsWith(model) && to.startsWith(judged)) {
      return `${model} models what ${judged} drives and must not share its code`;
    }
  }
  return undefined;
}

/** `from:line imports to: why`. */
export function describeEdge(edge: Edge, why: string): string {
  return `${edge.from}:${edge.line} imports ${edge.to}: ${why}`;
}
