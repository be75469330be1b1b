import type { Readable } from "node:stream";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import type { Timer } from "../../protocol/platform.ts";
import type { Admin } from "../../server/admin.ts";
import type { ApplicationOptions } from "../../server/application/application-options.ts";
import type { StoreChoice } from "../../server/environment.ts";
import type { MetricsPlace } from "../../server/metrics/metrics-place.ts";
import type { BrokerOptions } from "../../server/mqtt/broker-options.ts";
import type { Rotation } from "../../server/vault-rotation.ts";
import type { Authority, AuthorityPlace } from "../authority/authority.ts";
import type { CardChannel } from "../badge/card-channel.ts";
import type { CardServer } from "../badge/card-server.ts";
import type { BundleFacts, BundleOptions } from "../firmware/bundle.ts";
import type { BusEvent } from "../gateway/bus-master.ts";
import type { Manager } from "../manage/manager.ts";
import type { ReadingsSource } from "../readings/readings-source.ts";
import type { Simulator } from "../simulator.ts";

/** Where text goes. */
export interface Sink {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
}

/** A line to a node: a serial port, a socket or a simulated reader. */
export interface Link {
  write(text: string): void;
  onText(callback: (text: string) => void): void;
  /** With the reason, when it did not end by `close`. */
  onEnd(callback: (reason: string | undefined) => void): void;
  close(): void;
}

/** The same line as bytes. */
export interface ByteLink {
  write(bytes: Uint8Array): void;
  onBytes(callback: (bytes: Uint8Array) => void): void;
  /** With the reason, when it did not end by `close`. */
  onEnd(callback: (reason: string | undefined) => void): void;
  close(): void;
}

export interface SerialPortInfo {
  readonly path: string;
  readonly title: string;
}

export interface ServeOptions {
  readonly dataFolder: string;
  readonly host: string;
  readonly port: number;
  /** Where data is kept, where that is not the folder. */
  readonly stores?: StoreChoice;
  /** Where readings are published to. */
  readonly broker?: BrokerOptions;
  readonly applications?: ApplicationOptions;
  /** Where figures for Prometheus are shown. */
  readonly figures?: MetricsPlace;
  readonly drainMs?: number;
  /** How lines are given: for people when absent. */
  readonly logAs?: "text" | "json";
  /** A line for every request and everything unusual. */
  readonly onLog: (line: string) => void;
}

export interface RunningServer {
  readonly url: string;
  readonly metricsPort?: number;
  /** Given at the very first start only. */
  readonly adminToken?: string;
  /** What a new reader of the demo tenant must be configured with, without its pins. */
  provision(): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

export type CardPlace = { readonly port: string } | { readonly simFile: string };
export type ServerPlace =
  | { readonly url: string; readonly token: string }
  | { readonly dataFolder: string };

export interface GatewayOptions {
  readonly port: string;
  readonly baud: number;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly addresses: readonly number[];
  readonly onEvent: (event: BusEvent) => void;
  /** The port is gone. */
  readonly onEnd: (reason: string) => void;
}

/** Everything that a command may touch. Tests hand in another one. */
export interface Context {
  /** Folder that relative paths start from. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly nodeVersion: string;
  /** `process.platform`. */
  readonly platform: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: Readable & { isTTY?: boolean; setRawMode?(mode: boolean): unknown };
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  nowMs(): number;
  readonly timer: Timer;
  exists(path: string): boolean;
  /** Whether this user may write to it; `true` where a path is not a file (Windows' COM ports). */
  writable(path: string): boolean;
  /** `undefined` when there is no such file. */
  readText(path: string): string | undefined;
  readBytes(path: string): Uint8Array | undefined;
  /** Creates the folders on the way. `secret` files are readable by their owner only. */
  writeFile(path: string, data: string | Uint8Array, options?: { secret?: boolean }): void;
  /** In pieces that are on the medium, not in a cache, when their end is yielded. */
  writePieces(path: string, data: Uint8Array): Iterable<number>;
  /** Adds to the end of a file, or begins it. */
  appendText(path: string, text: string): void;
  removeFile(path: string): void;
  /** With all that is in it. */
  removeFolder(path: string): void;
  fetch(url: string, options: { timeoutMs: number }): Promise<HttpAnswer>;
  /** POST, for what proves itself. @throws network-failed, network-timeout */
  postJson(url: string, body: object): Promise<Pick<HttpAnswer, "status" | "body">>;
  /** @throws port-unavailable */
  openSerial(path: string, baud: number): Promise<Link>;
  /** @throws port-unavailable */
  openBytes(path: string, baud: number): Promise<ByteLink>;
  listSerialPorts(): Promise<readonly SerialPortInfo[]>;
  /** @throws network-failed */
  connectTcp(host: string, port: number): Promise<Link>;
  /** Runs a program to its end; every line that it prints goes to `onLine`. @throws file-unusable */
  runTool(words: readonly string[], options: ToolOptions): Promise<number>;
  /** Drives of boards in BOOTSEL mode. */
  bootVolumes(): readonly BootVolume[];
  /** The modules of an image, into a folder. */
  bundleFirmware(options: BundleOptions): Promise<BundleFacts>;
  /** Path of the XS worker, if it is installed. */
  findXs(): string | undefined;
  /** @throws address-in-use */
  serve(options: ServeOptions): Promise<RunningServer>;
  /** Changes the key-encryption key of a server's data. */
  rotateVault(folder: string, stores: StoreChoice): Promise<Rotation>;
  loadSimulator(): Promise<Simulator>;
  /** The card at a PN532 on a serial port, or a simulated chip in a file. */
  openCard(place: CardPlace): Promise<CardChannel>;
  /** @throws port-unavailable */
  openGateway(options: GatewayOptions): Promise<{ close(): void }>;
  openCardServer(place: ServerPlace): Promise<CardServer>;
  openReadings(place: ServerPlace): Promise<ReadingsSource>;
  /** About that tenant, or the first of a server on this machine. @throws network-failed */
  openManager(place: ServerPlace, tenantId: string | undefined): Promise<Manager>;
  /** A server's data folder on this machine, also while the server runs. */
  openAdmin(dataFolder: string): Promise<{ readonly admin: Admin; close(): void }>;
  openAuthority(place: AuthorityPlace): Promise<Authority>;
  /** SHA3-256 as fast as this machine has it. */
  sha3(): Promise<Sha3>;
}

export interface ToolOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: string) => void;
}

export interface BootVolume {
  readonly path: string;
  /** What its INFO_UF2.TXT says: `RP2350`, `RPI-RP2`. */
  readonly board: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
