import assert from "node:assert/strict";
import { TimeHint, type Udp } from "../../firmware/platform/moddable/time-hint.ts";
import { VirtualTime } from "../hal/virtual-time.ts";

const UNIX = 1_795_824_000;
const SERVER = "10.0.0.3";

interface Heard {
  readonly data: Uint8Array;
  readonly address?: string;
  readonly port?: number;
}

/** A network with one time server in it, which a test plays. */
function bench({ found = SERVER, broken = false }: { found?: string; broken?: boolean } = {}) {
  const time = new VirtualTime();
  const sockets: { sent: Uint8Array[]; closed: boolean; hear: (packet: Heard) => void }[] = [];
  class Socket implements Udp {
    readonly #waiting: Heard[] = [];
    readonly #state: (typeof sockets)[number];
    constructor({ onReadable }: { onReadable: (count: number) => void }) {
      if (broken) throw new Error("no socket");
      const hear = (packet: Heard): void => {
        this.#waiting.push(packet);
        onReadable(1);
      };
      this.#state = { sent: [], closed: false, hear };
      sockets.push(this.#state);
    }
    read(): ReturnType<Udp["read"]> {
      const heard = this.#waiting.shift();
      if (heard === undefined) return undefined;
      const { data, address = SERVER, port = 123 } = heard;
      return Object.assign(data.slice().buffer, { address, port });
    }
    write(data: ArrayBuffer | Uint8Array, address: string, port: number): void {
      assert.deepEqual([address, port], [SERVER, 123]);
      this.#state.sent.push(new Uint8Array(data));
    }
    close(): void {
      assert.equal(this.#state.closed, false, "closed twice");
      this.#state.closed = true;
    }
  }
  let drawn = 0;
  const hint = new TimeHint({
    ...{ io: Socket, host: "time.example", timer: time.timer, clock: time.clock },
    resolve: (_host, callback) => callback(found || undefined),
    random: { bytes: (length) => new Uint8Array(length).fill(++drawn) },
    log: { write: () => {} },
  });
  /** The right answer to the last question. */
  const answer = (unix = UNIX): Uint8Array => {
    const packet = new Uint8Array(48);
    packet.set([0x24, 1]);
    packet.set(sockets.at(-1)!.sent[0]!.slice(40), 24);
    new DataView(packet.buffer).setUint32(40, unix + 2_208_988_800);
    return packet;
  };
  return { hint, sockets, answer, time };
}

describe("the hint of a time server", () => {
  it("is there after an answer, goes on with the clock, and is gone after a minute", async () => {
    const { hint, sockets, answer, time } = bench();
    assert.equal(hint.unix(), undefined);
    hint.ask();
    sockets[0]!.hear({ data: answer() });
    assert.equal(hint.unix(), UNIX);
    assert.equal(sockets[0]!.closed, true);
    await time.pass(10_000);
    assert.equal(hint.unix(), UNIX + 10);
    hint.ask();
    assert.equal(sockets.length, 1);
    await time.pass(50_000);
    assert.equal(hint.unix(), undefined);
    hint.ask();
    assert.equal(sockets.length, 2);
    assert.notDeepEqual(sockets[1]!.sent, sockets[0]!.sent);
  });

  it("is not taken from elsewhere, nor from an answer to another question", () => {
    const { hint, sockets, answer } = bench();
    hint.ask();
    const [socket] = sockets;
    socket!.hear({ data: answer(), address: "10.0.0.66" });
    socket!.hear({ data: answer(), port: 124 });
    socket!.hear({ data: answer().fill(9, 24, 32) });
    socket!.hear({ data: new Uint8Array(0) });
    assert.equal(hint.unix(), undefined);
    assert.equal(socket!.closed, false);
    socket!.hear({ data: answer() });
    assert.equal(hint.unix(), UNIX);
  });

  it("is asked for once at a time; silence ends after three seconds, and is no failure", async () => {
    const { hint, sockets, time } = bench();
    hint.ask();
    hint.ask();
    assert.equal(sockets.length, 1);
    await time.pass(3_001);
    assert.equal(sockets[0]!.closed, true);
    assert.equal(hint.unix(), undefined);
    hint.ask();
    assert.equal(sockets.length, 2);
  });

  it("is not there without a name, a socket or a route, and the node goes on", async () => {
    const nowhere = bench({ found: "" });
    const deaf = bench({ broken: true });
    for (const { hint, time } of [nowhere, deaf]) {
      hint.ask();
      await time.pass(5_000);
      assert.equal(hint.unix(), undefined);
    }
  });
});
