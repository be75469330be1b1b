import assert from "node:assert/strict";
import fc from "fast-check";
import type { Serial, SerialConstructor, SerialOptions } from "../../hal/ecma419.ts";
import { DIAGNOSE } from "../../hal/pn532/commands.ts";
import { PN532 } from "../../hal/pn532/pn532.ts";
import type { PresenceEvent } from "../../hal/pn532/presence.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { code, LIST, LIST_OK, SAM, SAM_OK, VERSION, VERSION_OK } from "./driver-bench.ts";
import { hsuBench } from "./hsu-bench.ts";
import { eventNames } from "./reader-bench.ts";
import { ACK, NACK } from "./scripted-chip.ts";
import { VirtualTime } from "./virtual-time.ts";

const WAKE = `5555${"00".repeat(14)}`;
const SELECT = fromHex("00a4040007d276000085010100");
const READ_256 = fromHex("00b0840000");

/** A copy in which `count` bytes made room for others. */
function spliced(bytes: Uint8Array, at: number, count: number, ...others: number[]): Uint8Array {
  const copy = [...bytes];
  copy.splice(at, count, ...others);
  return Uint8Array.from(copy);
}

async function opened(options: Parameters<typeof hsuBench>[0] = {}) {
  const bench = hsuBench(options);
  await bench.run(bench.pn532.open());
  bench.wire.host = "";
  bench.wire.chip = [];
  return bench;
}

describe("PN532 driver on a serial line (HSU)", () => {
  it("wakes the chip out of LowVbat with the long preamble, then configures it", async () => {
    const { run, pn532, wire, chip, world } = hsuBench();
    assert.equal((await run(pn532.open())).version, "1.6");
    assert.ok(wire.host.startsWith(WAKE + ACK), wire.host);
    assert.ok(wire.host.includes(SAM + VERSION), wire.host);
    assert.deepEqual(wire.chip.slice(0, 4), [ACK, SAM_OK, ACK, VERSION_OK]);
    assert.equal(chip.mode, "normal");
    assert.ok(world.nowUs() < 250_000, `${world.nowUs()} µs`);
  });

  it("says and hears the bytes that libnfc and a chip were recorded with", async () => {
    const { run, pn532, wire, field, badge } = await opened();
    field.enter(badge());
    const said: string[] = [];
    const step = async (work: Promise<unknown>) => {
      wire.host = "";
      await run(work);
      said.push(wire.host);
    };
    await step(pn532.samConfiguration());
    await step(pn532.diagnose(DIAGNOSE.communication, toUtf8("libnfc")));
    await step(pn532.getFirmwareVersion());
    await step(pn532.setParameters(0x14));
    for (const item of ["0100", "0101", "05ffffff", "05000102"]) {
      const bytes = fromHex(item);
      await step(pn532.rfConfiguration(bytes[0]!, bytes.subarray(1)));
    }
    await step(pn532.inListPassiveTarget());
    // The recording is libnfc 1.8.0 with `nfc-list`.
    assert.deepEqual(said, [
      SAM,
      "0000ff09f7d400006c69626e6663be00",
      VERSION,
      "0000ff03fdd412140600",
      "0000ff04fcd4320100f900",
      "0000ff04fcd4320101f800",
      "0000ff06fad43205fffffff800",
      "0000ff06fad43205000102f200",
      LIST,
    ]);
    assert.ok(wire.chip.every((frame, i) => i % 2 === 1 || frame === ACK));
    const replies = wire.chip.filter((_, i) => i % 2 === 1);
    assert.deepEqual(replies.slice(0, 4), [
      SAM_OK,
      "0000ff09f7d501006c69626e6663bc00",
      VERSION_OK,
      "0000ff02fed5131800",
    ]);
    assert.equal(replies.at(-1), LIST_OK);
  });

  it("reads and writes frames longer than the port's buffers", async () => {
    const { run, pn532, field, badge, line } = await opened();
    field.enter(badge());
    await run(pn532.inListPassiveTarget());
    await run(pn532.inDataExchange(1, SELECT));
    const file = await run(pn532.inDataExchange(1, READ_256, { expectBytes: 258 }));
    assert.equal(file.length, 258);
    const text = new Uint8Array(260).fill(0x5a);
    const echo = await run(pn532.diagnose(DIAGNOSE.communication, text));
    assert.equal(toHex(echo), `00${toHex(text)}`);
    assert.equal(line.lostBytes, 0);
  });

  it("announces a badge once, and its departure once", async () => {
    const { presence, field, badge, pass } = await opened();
    const events: PresenceEvent[] = [];
    presence.start((event) => void events.push(event));
    const card = badge();
    await pass(300);
    field.enter(card);
    await pass(3_000);
    field.leave(card);
    await pass(3_000);
    assert.deepEqual(eventNames(events), ["present", "removed"]);
  });

  it("sends a command again whose ACK got lost, but not one that a card may have obeyed", async () => {
    const { run, pn532, chip, wire, field, badge } = await opened();
    chip.link.faults.dropAcks = 1;
    assert.equal((await run(pn532.getFirmwareVersion())).ic, 0x32);
    assert.equal(wire.host, VERSION + WAKE + ACK + VERSION);
    field.enter(badge());
    await run(pn532.inListPassiveTarget());
    chip.link.faults.dropAcks = 1;
    wire.host = "";
    await assert.rejects(run(pn532.inDataExchange(1, SELECT)), code("pn532-timeout"));
    assert.equal(wire.host.split(toHex(SELECT)).length, 2);
    assert.ok(wire.host.endsWith(WAKE + ACK));
  });

  it("a reply that gets lost is pn532-timeout in time, and the chip is told to stop", async () => {
    const { run, pn532, chip, wire, world } = await opened();
    chip.link.faults.dropResponses = 1;
    const startUs = world.nowUs();
    await assert.rejects(run(pn532.getFirmwareVersion()), code("pn532-timeout"));
    assert.ok(world.nowUs() - startUs < 200_000, `${world.nowUs() - startUs} µs`);
    assert.equal(wire.host, VERSION + WAKE + ACK);
    assert.equal((await run(pn532.getFirmwareVersion())).ic, 0x32);
  });

  for (const [what, spoil] of [
    ["has a flipped bit", (bytes: Uint8Array) => spliced(bytes, 9, 1, bytes[9]! ^ 4)],
    ["lost a byte", (bytes: Uint8Array) => spliced(bytes, 8, 1)],
    ["has a byte too many", (bytes: Uint8Array) => spliced(bytes, 8, 0, 9)],
  ] as const) {
    it(`a reply that ${what} is asked for again by one NACK`, async () => {
      const { run, pn532, wire } = await opened();
      let spoilt = 0;
      wire.garble = (bytes) =>
        toHex(bytes) === VERSION_OK && spoilt++ === 0 ? spoil(bytes) : bytes;
      assert.equal((await run(pn532.getFirmwareVersion())).version, "1.6");
      assert.equal(wire.host, VERSION + NACK);
    });
  }

  it("a reply spoilt every time is pn532-frame", async () => {
    const { run, pn532, wire } = await opened();
    wire.garble = (bytes) => (toHex(bytes) === VERSION_OK ? spliced(bytes, 9, 1, 0) : bytes);
    await assert.rejects(run(pn532.getFirmwareVersion()), code("pn532-frame"));
    assert.ok(wire.host.endsWith(ACK));
  });

  it("noise while the chip works costs nothing: no NACK, which would wedge it", async () => {
    const { run, pn532, wire, line, pass } = await opened();
    const listed = pn532.inListPassiveTarget();
    await pass(20);
    line.write(fromHex("13ff00ff37425500ff0000ff"));
    assert.deepEqual(await run(listed), []);
    assert.equal(wire.host, LIST);
  });

  it("abort ends a search with the host's ACK; what was under way is not the next answer", async () => {
    const { run, pn532, wire, pass } = await opened();
    const listed = pn532.inListPassiveTarget().catch((error: unknown) => error);
    await pass(30);
    pn532.abort();
    const version = pn532.getFirmwareVersion();
    assert.ok(isLatchkeyError(await run(listed), "cancelled"));
    assert.equal((await run(version)).version, "1.6");
    assert.equal(wire.host, LIST + WAKE + ACK + VERSION);
  });

  it("wakes a chip that was sent to sleep", async () => {
    const { run, pn532, chip, face, pass } = await opened();
    face.receive(fromHex("0000ff03fdd416f02600"));
    await pass(50);
    assert.equal(chip.mode, "power-down");
    assert.equal((await run(pn532.open())).version, "1.6");
  });

  it("recover pulses RSTPD_N and waits for a chip that boots slowly", async () => {
    const { run, pn532, chip } = await opened({ reset: true, behaviour: { bootUs: 300_000 } });
    chip.wedge("silent");
    await assert.rejects(run(pn532.getFirmwareVersion()), code("pn532-no-ack"));
    await run(pn532.recover());
    assert.equal((await run(pn532.getFirmwareVersion())).ic, 0x32);
  });

  it("nobody at the other end is pn532-no-ack in a second, after recover pn532-dead", async () => {
    const { run, pn532, chip, world } = hsuBench();
    chip.powerOff();
    await assert.rejects(run(pn532.open()), code("pn532-no-ack"));
    assert.ok(world.nowUs() < 1_000_000, `${world.nowUs()} µs`);
    await assert.rejects(run(pn532.recover()), code("pn532-dead"));
    await run(pn532.close());
  });

  it("survives any damage on the line: typed errors, no hang, and it works again", async () => {
    const spoils = fc.array(
      fc.record({
        at: fc.nat(300),
        kind: fc.constantFrom("flip", "drop", "double"),
        bit: fc.nat(7),
      }),
      { maxLength: 12 },
    );
    const property = fc.asyncProperty(spoils, async (faults) => {
      const { run, pn532, wire, field, badge } = await opened({
        behaviour: { spuriousNack: "ignore" },
      });
      field.enter(badge());
      let at = 0;
      wire.garble = (bytes) =>
        Uint8Array.from(
          [...bytes].flatMap((byte) => {
            const kind = faults.find((fault) => fault.at === at)?.kind;
            const flipped = byte ^ (1 << (faults.find((fault) => fault.at === at++)?.bit ?? 0));
            if (kind === undefined) return [byte];
            return { flip: [flipped], drop: [], double: [byte, byte] }[kind];
          }),
        );
      for (let round = 0; round < 4; round++) {
        try {
          await run(pn532.inListPassiveTarget());
          await run(pn532.inDataExchange(1, SELECT));
        } catch (error) {
          assert.ok(isLatchkeyError(error), String(error));
        }
      }
      wire.garble = (bytes) => bytes;
      await run(pn532.open());
      // A card that was being talked to answers no request until it loses its power.
      await run(pn532.setField(false));
      assert.equal((await run(pn532.inListPassiveTarget())).length, 1);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

/** A port of which the test is the other end. */
class LoosePort implements Serial {
  readonly io: SerialConstructor;
  options: SerialOptions | undefined;
  written = "";
  room = 4096;
  broken = false;
  #waiting: number[] = [];

  constructor() {
    const port = this;
    this.io = class {
      constructor(options: SerialOptions) {
        port.options = options;
        options.onWritable?.call(port, port.room);
        // biome-ignore lint/correctness/noConstructorReturn: the port is this object already
        return port;
      }
    } as unknown as SerialConstructor;
  }

  read(): ArrayBuffer | undefined {
    return Uint8Array.from(this.#waiting.splice(0)).buffer;
  }

  write(bytes: Uint8Array): void {
    if (this.broken) throw new Error("unplugged");
    this.written += toHex(bytes);
  }

  close(): void {}

  arrive(bytes: Uint8Array): void {
    this.#waiting.push(...bytes);
    this.options?.onReadable?.call(this, bytes.length);
  }
}

function looseBench(port = new LoosePort()) {
  const time = new VirtualTime();
  const { clock, timer } = time;
  return { port, time, pn532: new PN532({ serial: { io: port.io }, clock, timer }) };
}

describe("PN532 driver on a serial line that is not what it should be", () => {
  it("a port that throws is serial-lost", async () => {
    const { port, time, pn532 } = looseBench();
    port.broken = true;
    await assert.rejects(time.until(pn532.open()), code("serial-lost"));
    await time.until(pn532.close());
  });

  it("a port that takes no bytes is serial-lost within the limit", async () => {
    const port = new LoosePort();
    port.room = 0;
    const { time, pn532 } = looseBench(port);
    await assert.rejects(time.until(pn532.getFirmwareVersion()), code("serial-lost"));
    assert.ok(time.nowMs < 100, `${time.nowMs} ms`);
    assert.equal(port.written, "");
  });

  it("a line that only echoes is no chip", async () => {
    const { port, time, pn532 } = looseBench();
    const write = port.write.bind(port);
    port.write = (bytes) => {
      write(bytes);
      time.timer.set(() => port.arrive(bytes.slice()), 1);
    };
    await assert.rejects(time.until(pn532.open()), (error: unknown) => isLatchkeyError(error));
    assert.ok(time.nowMs < 5_000, `${time.nowMs} ms`);
  });

  it("any soup of bytes at any time ends in a typed error, in time", async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom(ACK, NACK, SAM_OK, LIST_OK, "0000ff", "0000ffffff0109f6", "00ff")
        .map(fromHex),
    );
    const soup = fc.array(fc.tuple(bytes, fc.nat(60)), { maxLength: 30 });
    const property = fc.asyncProperty(soup, async (chunks) => {
      const { port, time, pn532 } = looseBench();
      let atMs = 0;
      for (const [chunk, gapMs] of chunks) {
        atMs += gapMs;
        time.timer.set(() => port.arrive(chunk), atMs);
      }
      try {
        await time.until(pn532.inListPassiveTarget({ timeoutMs: 200 }), 10_000);
      } catch (error) {
        assert.ok(isLatchkeyError(error), String(error));
      }
      assert.ok(time.nowMs < 4_000, `${time.nowMs} ms`);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});
