import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { LatchkeyError, toLatchkeyError } from "../protocol/errors.ts";
import type { Desk } from "./simulator.ts";

/**
 * The door through which `latchkey tap` and `latchkey console sim` reach a running simulator:
 * JSON lines over TCP on loopback. The token keeps other users of the machine, and web pages
 * that post to local ports, out; the file that holds it is readable by its owner only.
 *
 * ```
 * → {"token": "…", "do": "tap", "badge": "good"}     ← {"outcome": {"granted": true, …}}
 * → {"token": "…", "do": "lay", "badge": "good"}     ← {"laid": "good"}, on the simulated PN532
 * → {"token": "…", "do": "badges"}                   ← {"badges": [{"name", "title"}, …]}
 * → {"token": "…", "do": "attach"}                   ← {"serial": "…"} as it comes
 * → {"token": "…", "do": "write", "text": "status\r"}
 * ```
 * Anything that goes wrong is answered by `{"error": {"code", "message", "next"}}`; who does not
 * know the token, or does not speak in lines, is hung up on after it.
 */
export interface ControlAddress {
  readonly port: number;
  readonly token: string;
}

interface ControlRequest {
  readonly token?: unknown;
  readonly do?: unknown;
  readonly badge?: unknown;
  readonly holdMs?: unknown;
  readonly text?: unknown;
}

const MAX_LINE = 4096;
/** How long a stranger may keep a connection without a word. */
const SILENCE_MS = 5_000;

export class ControlServer {
  readonly #desk: Desk;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #attached = new Set<Socket>();
  readonly #token = randomBytes(24).toString("base64url");

  readonly #silenceMs: number;

  constructor(desk: Desk, { silenceMs = SILENCE_MS }: { readonly silenceMs?: number } = {}) {
    this.#desk = desk;
    this.#silenceMs = silenceMs;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async start(): Promise<ControlAddress> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = this.#server.address() as { port: number };
    return { port, token: this.#token };
  }

  /** Passes what the node sends over its console on to whoever is attached. */
  serial(text: string): void {
    for (const socket of this.#attached) send(socket, { serial: text });
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}); // a client that goes away is no trouble of ours
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#attached.delete(socket);
    });
    socket.setTimeout(this.#silenceMs, () => socket.destroy());
    socket.setEncoding("utf8");
    let rest = "";
    socket.on("data", (text) => {
      const lines = (rest + String(text)).split("\n");
      rest = lines.pop() ?? "";
      // What is longer than any line is a line already, so that it is refused and not kept.
      if (rest.length > MAX_LINE) lines.push(rest);
      for (const line of lines) {
        if (!socket.writable) return;
        this.#hear(socket, line);
      }
    });
  }

  #hear(socket: Socket, line: string): void {
    let request: ControlRequest;
    try {
      request = parseRequest(line);
      if (!this.#knows(request.token)) throw new LatchkeyError("unauthenticated");
    } catch (error) {
      sendError(socket, error);
      socket.end(() => socket.destroy());
      return;
    }
    socket.setTimeout(0);
    this.#answer(socket, request).catch((error: unknown) => sendError(socket, error));
  }

  async #answer(socket: Socket, request: ControlRequest): Promise<void> {
    const badge = String(request.badge);
    const hold = typeof request.holdMs === "number" ? [request.holdMs] : [];
    switch (request.do) {
      case "tap":
        send(socket, { outcome: await this.#desk.tap(badge, ...hold) });
        return;
      case "lay":
        await this.#desk.layOnPn532(badge, ...hold);
        send(socket, { laid: badge });
        return;
      case "badges":
        send(socket, { badges: this.#desk.badges });
        return;
      case "attach":
        this.#attached.add(socket);
        return;
      case "write":
        this.#desk.write(String(request.text));
        return;
      default:
        throw new LatchkeyError("malformed", { message: "do: tap, lay, badges, attach or write" });
    }
  }

  #knows(token: unknown): boolean {
    const given = Buffer.from(String(token));
    const right = Buffer.from(this.#token);
    return given.length === right.length && timingSafeEqual(given, right);
  }
}

function parseRequest(line: string): ControlRequest {
  if (line.length > MAX_LINE) throw new LatchkeyError("malformed", { message: "line too long" });
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // the same answer as for JSON that is no object
  }
  throw new LatchkeyError("malformed", { message: "each line must be a JSON object" });
}

function sendError(socket: Socket, thrown: unknown): void {
  send(socket, { error: toLatchkeyError(thrown).toJSON() });
}

function send(socket: Socket, value: object): void {
  if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
}
