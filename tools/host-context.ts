import {
  accessSync,
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Sha3 } from "../protocol/crypto/sha3.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import { writePrivateFile } from "../server/private-file.ts";
import type { Authority, AuthorityPlace } from "./authority/authority.ts";
import type { CardChannel } from "./badge/card-channel.ts";
import type { CardServer } from "./badge/card-server.ts";
import type { CardPlace, Context, ServerPlace, Sink } from "./cli/context.ts";
import { findXsWorker } from "./find-xs.ts";
import { bootVolumes } from "./firmware/boot-volumes.ts";
import { fetchText } from "./http-fetch.ts";
import type { ReadingsSource } from "./readings/readings-source.ts";
import { runTool } from "./run-tool.ts";
import { listSerialPorts, openSerialBytes, openSerialPort } from "./serial-port.ts";
import { connectTcp } from "./tcp-link.ts";

/** The real world for the commands. */
export function hostContext(): Context {
  const interrupt = new AbortController();
  // The second Ctrl-C means it: nobody should have to look for the process.
  process.on("SIGINT", () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
  process.on("SIGTERM", () => interrupt.abort());
  return {
    cwd: process.cwd(),
    env: process.env,
    version: packageVersion(),
    nodeVersion: process.version,
    platform: process.platform,
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    stdin: process.stdin,
    interrupted: interrupt.signal,
    nowMs: () => Date.now(),
    timer: {
      set: (run, ms) => setTimeout(run, ms),
      clear: (timer) => clearTimeout(timer as number),
    },
    exists: existsSync,
    writable,
    readText,
    readBytes,
    writeFile,
    writePieces,
    appendText,
    removeFile: (path) => rmSync(path, { force: true }),
    removeFolder: (path) => rmSync(path, { force: true, recursive: true }),
    fetch: fetchText,
    postJson: async (url, body) => (await import("./ask-server.ts")).postJson(url, body),
    openSerial: openSerialPort,
    openBytes: openSerialBytes,
    listSerialPorts,
    connectTcp,
    runTool,
    bootVolumes,
    bundleFirmware: async (options) =>
      (await import("./firmware/bundle.ts")).bundleFirmware(options),
    findXs: findXsWorker,
    serve: async (options) => (await import("./server-launcher.ts")).launchServer(options),
    rotateVault: async (folder, stores) =>
      (await import("../server/start.ts")).rotateFolderVault({ folder, ...stores }),
    openCard: (place) => openCard(place, interrupt.signal),
    openCardServer,
    openGateway: async (options) =>
      (await import("./gateway/open-gateway.ts")).openGateway(options),
    openReadings,
    openManager: async (...place) =>
      (await import("./manage/open-manager.ts")).openManager(...place),
    openAuthority,
    openAdmin: async (folder) =>
      (await (await import("../server/start.ts")).openServiceFolder({ folder })).service,
    sha3,
    loadSimulator: async () => (await import("./simulator-loader.ts")).simulator,
  };
}

/** The drivers are loaded when they are needed: most commands need none. */
async function openCard(place: CardPlace, interrupted: AbortSignal): Promise<CardChannel> {
  if ("simFile" in place) {
    const { openSimChip } = await import("./badge/sim-chip-channel.ts");
    return await openSimChip(place.simFile);
  }
  const { openPn532 } = await import("./pn532-port.ts");
  const { pn532CardChannel } = await import("./badge/card-channel.ts");
  const pn532 = await openPn532(place.port);
  try {
    return await pn532CardChannel(pn532, interrupted);
  } catch (error) {
    await pn532.close();
    throw error;
  }
}

async function openCardServer(place: ServerPlace): Promise<CardServer> {
  const { localCardServer, remoteCardServer } = await import("./badge/card-server-launcher.ts");
  return "url" in place
    ? remoteCardServer(place.url, place.token)
    : await localCardServer(place.dataFolder);
}

async function openReadings(place: ServerPlace): Promise<ReadingsSource> {
  if ("url" in place)
    return (await import("./readings/remote-readings.ts")).remoteReadings(place.url, place.token);
  return (await import("./readings/local-readings.ts")).localReadings(place.dataFolder);
}

async function openAuthority(place: AuthorityPlace): Promise<Authority> {
  const { Authority } = await import("./authority/authority.ts");
  return new Authority({ ...place, sha3: await sha3(), nowMs: () => Date.now() });
}

async function sha3(): Promise<Sha3> {
  return (await import("../server/threaded-sha3.ts")).threadedSha3();
}

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  return {
    write: (text) => void stream.write(text),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
  };
}

function writable(path: string): boolean {
  if (!existsSync(path)) return true;
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string | undefined {
  const bytes = readBytes(path);
  return bytes && Buffer.from(bytes).toString("utf8");
}

function readBytes(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw fileError(`${path} cannot be read`, error);
  }
}

function writeFile(path: string, data: string | Uint8Array, { secret = false } = {}): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    if (secret) writePrivateFile(path, data);
    else writeFileSync(path, data);
  } catch (error) {
    throw fileError(`${path} cannot be written`, error);
  }
}

const PIECE_BYTES = 64 * 1024;

function* writePieces(path: string, data: Uint8Array): Generator<number> {
  const file = openSync(path, "w");
  try {
    for (let at = 0; at < data.length; ) {
      const piece = data.subarray(at, at + PIECE_BYTES);
      at += writeSync(file, piece);
      flush(file, at === data.length);
      yield at;
    }
  } finally {
    // A board takes its drive away once it has everything: closing may fail then.
    try {
      closeSync(file);
    } catch {}
  }
}

function flush(file: number, isLast: boolean): void {
  try {
    fsyncSync(file);
  } catch (error) {
    if (!isLast) throw error;
  }
}

function appendText(path: string, text: string): void {
  try {
    appendFileSync(path, text);
  } catch (error) {
    throw fileError(`${path} cannot be written`, error);
  }
}

function fileError(message: string, cause: unknown): LatchkeyError {
  return new LatchkeyError("file-unusable", { message, cause });
}
