import { WiredNetwork } from "../../firmware/wired/wired-network.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { Rs485Bus } from "../../host-sim/board/rs485-bus.ts";
import { SerialLine } from "../../host-sim/board/serial.ts";
import { World } from "../../host-sim/world/world.ts";
import type { HttpRequest, HttpResponse, Timer } from "../../protocol/platform.ts";
import type { WiredFailure, WiredRequest, WiredResponse } from "../../protocol/wired/message.ts";
import { type BusEvent, BusMaster } from "../../tools/gateway/bus-master.ts";

export const BASE_URL = "http://door.test";
const TRANSMIT = 8;
const RECEIVE = 9;
const DIRECTION = 7;

/** Enough turns of the job queue for any chain of these tests. */
const idle = async (): Promise<void> => {
  for (let i = 0; i < 60; i++) await Promise.resolve();
};

export type Carry = (request: WiredRequest) => Promise<WiredResponse | WiredFailure>;

export interface WiredBenchOptions {
  readonly addresses?: readonly number[];
  readonly baud?: number;
  readonly seed?: string;
  readonly carry?: Carry;
  readonly idle?: () => Promise<void>;
}

const silent = { write: () => {} };

/** A gateway and some nodes on one RS-485 pair, with real UARTs, direction pins and time. */
export class WiredBench {
  readonly world: World;
  readonly bus: Rs485Bus;
  readonly events: string[] = [];
  readonly carried: WiredRequest[] = [];
  readonly nodes = new Map<number, WiredNetwork>();
  carry: Carry;
  master: BusMaster | undefined;
  readonly #baud: number;
  readonly #addresses: readonly number[];
  readonly #masterBoard: ReturnType<WiredBench["board"]>;
  readonly #boards = new Map<number, ReturnType<WiredBench["board"]>>();

  constructor(options: WiredBenchOptions = {}) {
    this.world = new World({ seed: options.seed ?? "wired", idle: options.idle ?? idle });
    this.#baud = options.baud ?? 921_600;
    this.#addresses = options.addresses ?? [1];
    this.bus = new Rs485Bus({ world: this.world, baud: this.#baud });
    this.carry = options.carry ?? echo;
    this.#masterBoard = this.board();
    this.startMaster();
    for (const address of this.#addresses) this.startNode(address);
  }

  get timer(): Timer {
    const { world } = this;
    return {
      set: (callback, delayMs) => world.task(delayMs * 1000, callback),
      clear: (handle) => world.cancel(handle as Parameters<World["cancel"]>[0]),
    };
  }

  /** A UART of its own on the pair, and the pin that makes it speak. */
  board() {
    const { world } = this;
    const pins = new Pins(world);
    const line = new SerialLine(world);
    const io = boardIo({ pins, buses: [], serials: new Map([[TRANSMIT, line]]) });
    this.bus.attach(line, () => pins.pin(DIRECTION).level === 1);
    const direction = { io: io.Digital, pin: DIRECTION };
    const port = { io: io.Serial, transmit: TRANSMIT, receive: RECEIVE, direction };
    return { ...port, baud: this.#baud, timer: this.timer };
  }

  startMaster(): void {
    this.master = new BusMaster({
      ...this.#masterBoard,
      random: this.world.rng("gateway"),
      addresses: this.#addresses,
      carry: (_address, request) => {
        this.carried.push(request);
        return this.carry(request);
      },
      onEvent: (event) => this.events.push(describeEvent(event)),
    });
  }

  /** Starts the node's program, again if need be. */
  startNode(address: number): WiredNetwork {
    const board = this.#boards.get(address) ?? this.board();
    this.#boards.set(address, board);
    const node = new WiredNetwork({ ...board, log: silent, address, baseUrl: BASE_URL });
    this.nodes.set(address, node);
    return node;
  }

  stopNode(address: number): void {
    this.nodes.get(address)?.close();
  }

  async pass(ms: number): Promise<void> {
    await this.world.runFor(ms * 1000);
  }

  /** The answer's body, or the code of the error; and how long it took. */
  async ask(request: HttpRequest, address = 1): Promise<{ said: string; tookMs: number }> {
    const node = this.nodes.get(address)!;
    const startUs = this.world.nowUs();
    let said: string | undefined;
    node.request(request).then(
      (response: HttpResponse) => {
        said = `${response.status} ${response.body}`;
      },
      (error: { code: string }) => {
        said = error.code;
      },
    );
    await this.world.run(() => said !== undefined, 120_000_000);
    return { said: said ?? "hangs", tookMs: (this.world.nowUs() - startUs) / 1000 };
  }
}

function describeEvent(event: BusEvent): string {
  return `${event.type} ${event.address}`;
}

export async function echo({ id, body }: WiredRequest): Promise<WiredResponse> {
  return { kind: "response", id, status: 200, contentType: "application/json", body };
}

export function post(body: string, timeoutMs = 5_000): HttpRequest {
  const url = `${BASE_URL}/identity_iot/ii_time`;
  return { method: "POST", url, headers: { authorization: "Bearer t" }, body, timeoutMs };
}
