import { SerialFrames, type SerialFramesOptions } from "../../hal/serial-frames.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import type { Random, Timer, TimerHandle } from "../../protocol/platform.ts";
import { Exchange } from "../../protocol/wired/exchange.ts";
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  PAYLOAD_MAX,
  STUFFED_MAX,
} from "../../protocol/wired/frame.ts";
import {
  parseWiredMessage,
  type WiredFailure,
  type WiredRequest,
  type WiredResponse,
  writeWiredMessage,
} from "../../protocol/wired/message.ts";

export interface BusMasterOptions
  extends Pick<SerialFramesOptions, "io" | "receive" | "transmit" | "port" | "baud" | "direction"> {
  readonly timer: Timer;
  readonly random: Random;
  /** The nodes on the line. */
  readonly addresses: readonly number[];
  /** Takes a node's request to the server. */
  readonly carry: (address: number, request: WiredRequest) => Promise<WiredResponse | WiredFailure>;
  readonly onEvent: (event: BusEvent) => void;
}

export type BusEvent =
  | { readonly type: "up" | "down"; readonly address: number }
  | { readonly type: "malformed"; readonly address: number; readonly message: string };

/** What a node may take before its first byte, over what the bytes themselves take. */
const REPLY_MS = 25;
/** Between the end of a node's frame and the next call. */
const GAP_MS = 2;
/** Between two rounds in which nobody had anything to say. */
const REST_MS = 10;
const MISSES_MAX = 6;
/** A node whose frames arrive damaged is there: it is given more patience. */
const DAMAGED_MAX = 40;
/** An address at which nobody answers is called less often. */
const ABSENT_EVERY_MS = 1_000;
/** Requests of one node under way at once; more are refused. */
const UNDER_WAY_MAX = 4;

interface Station {
  readonly address: number;
  link: number;
  up: boolean;
  exchange: Exchange;
  misses: number;
  /** Calls to which something came, but no whole frame. */
  damaged: number;
  /** Rests of `REST_MS` until it is called again; for absent ones. */
  pauseMs: number;
  underWay: number;
}

/** Calls the nodes of one line in turn and carries what they ask for. */
export class BusMaster {
  readonly #options: BusMasterOptions;
  readonly #frames: SerialFrames;
  readonly #stations: Station[];
  #turn = 0;
  #expecting: Station | undefined;
  #heardNoise = false;
  #timer: TimerHandle | undefined;
  #quietRound = true;
  #closed = false;
  readonly statistics = { calls: 0, misses: 0, noise: 0 };

  constructor(options: BusMasterOptions) {
    this.#options = options;
    this.#stations = options.addresses.map((address) => ({
      address,
      link: 0,
      up: false,
      exchange: new Exchange(),
      misses: 0,
      damaged: 0,
      pauseMs: 0,
      underWay: 0,
    }));
    this.#frames = new SerialFrames({
      ...options,
      frameBytesMax: STUFFED_MAX,
      onFrame: (frame) => this.#heard(frame),
    });
    this.#after(0, () => this.#next());
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#options.timer.clear(this.#timer);
    this.#frames.close();
  }

  #after(ms: number, run: () => void): void {
    if (this.#timer !== undefined) this.#options.timer.clear(this.#timer);
    this.#timer = this.#options.timer.set(() => {
      this.#timer = undefined;
      if (!this.#closed) run();
    }, ms);
  }

  #next(): void {
    if (this.#turn === this.#stations.length) {
      this.#turn = 0;
      const rest = this.#quietRound;
      this.#quietRound = true;
      if (rest) {
        for (const station of this.#stations) station.pauseMs -= REST_MS;
        this.#after(REST_MS, () => this.#next());
        return;
      }
    }
    const station = this.#stations[this.#turn++]!;
    if (!station.up && station.pauseMs > 0) this.#after(0, () => this.#next());
    else this.#call(station);
  }

  #call(station: Station): void {
    this.statistics.calls++;
    this.#expecting = station;
    this.#heardNoise = false;
    const { address, exchange, up } = station;
    if (!up) station.link = this.#newLink();
    const piece = up ? exchange.current() : undefined;
    const frame: Frame = {
      kind: up ? (piece === undefined ? "poll" : "data") : "reset",
      address,
      sequence: piece?.sequence ?? 0,
      acknowledge: up ? exchange.acknowledge : 0,
      payload: piece?.payload ?? (up ? new Uint8Array(0) : linkBytes(station.link)),
    };
    const bytes = encodeFrame(frame, up ? station.link : 0);
    this.#frames.send(bytes);
    const { baud } = this.#options;
    const bothMs = ((bytes.length + PAYLOAD_MAX + 20) * 10 * 1000) / baud;
    this.#after(bothMs + REPLY_MS, () => this.#missed(station));
  }

  #newLink(): number {
    const [a, b, c, d] = this.#options.random.bytes(4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    // Not 0: that is the number under which resets are sent.
    return a + (b << 8) + (c << 16) + d * 0x1000000 || 1;
  }

  #missed(station: Station): void {
    this.statistics.misses++;
    this.#expecting = undefined;
    if (this.#heardNoise) station.damaged++;
    else station.misses++;
    const patience = station.misses < MISSES_MAX && station.damaged < DAMAGED_MAX;
    if (station.up && patience) this.#quietRound = false;
    else this.#drop(station);
    this.#next();
  }

  #drop(station: Station): void {
    station.pauseMs = ABSENT_EVERY_MS;
    if (!station.up) return;
    station.up = false;
    station.exchange = new Exchange();
    this.#options.onEvent({ type: "down", address: station.address });
  }

  #heard(stuffed: Uint8Array): void {
    const station = this.#expecting;
    const frame = station && decodeFrame(stuffed, station.link);
    if (station === undefined || frame?.address !== station.address || !isReply(frame)) {
      this.statistics.noise++;
      this.#heardNoise = true;
      return;
    }
    this.#expecting = undefined;
    station.misses = 0;
    station.damaged = 0;
    if (frame.kind === "hello") this.#welcome(station);
    else if (station.up) this.#take(station, frame);
    // An answer that is on its way should not wait for the end of a rest.
    const busy = station.exchange.busy || station.underWay > 0;
    if (frame.kind !== "idle" || busy) this.#quietRound = false;
    this.#after(GAP_MS, () => this.#next());
  }

  #welcome(station: Station): void {
    station.up = true;
    station.exchange = new Exchange();
    this.#options.onEvent({ type: "up", address: station.address });
  }

  #take(station: Station, frame: Frame): void {
    const message = station.exchange.receive(frame);
    if (message === undefined) return;
    const { address } = station;
    try {
      const request = parseWiredMessage(message);
      if (request.kind === "request") void this.#carry(station, request);
    } catch (error) {
      const text = toLatchkeyError(error).message;
      this.#options.onEvent({ type: "malformed", address, message: text });
    }
  }

  async #carry(station: Station, request: WiredRequest): Promise<void> {
    const { exchange, address } = station;
    const { id } = request;
    const refused = { kind: "failure", id, reason: "network-failed" } as const;
    const free = station.underWay < UNDER_WAY_MAX;
    station.underWay++;
    const answer = free
      ? await this.#options.carry(address, request).catch(() => refused)
      : refused;
    station.underWay--;
    // The link may have ended meanwhile; the node has given up on this one then.
    if (!exchange.send(writeWiredMessage(answer))) exchange.send(writeWiredMessage(refused));
  }
}

function isReply({ kind }: Frame): boolean {
  return kind === "hello" || kind === "idle" || kind === "reply";
}

function linkBytes(link: number): Uint8Array {
  return Uint8Array.of(link & 255, (link >> 8) & 255, (link >> 16) & 255, (link >>> 24) & 255);
}
