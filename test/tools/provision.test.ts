import assert from "node:assert/strict";
import type { World } from "../../host-sim/world/world.ts";
import { encodePacket } from "../../protocol/improv/packet.ts";
import { encodeResult } from "../../protocol/improv/rpc.ts";
import type { Context } from "../../tools/cli/context.ts";
import { LAB, provisioningBench } from "../firmware/provisioning-bench.ts";
import { sampleConfig } from "../firmware/sample-config.ts";
import { FakeWorld } from "./fake-context.ts";
import { type Fault, type Faults, faultyPort, worldTimer } from "./faulty-port.ts";

const { wifi: _, ...WIRED } = sampleConfig();
const PATH = "/dev/ttyACM0";
const PASSWORD = { LATCHKEY_WIFI_PASSWORD: LAB.password };
/** Nothing takes longer, however often a packet is repeated. */
const SECONDS_MAX = 600;

interface Setting {
  readonly faults?: Faults;
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: object;
}

/** Runs commands beside a board, in its virtual time. */
async function inWorld(world: World, context: Partial<Context>, config: object | undefined) {
  const fake = new FakeWorld({
    listSerialPorts: async () => [{ path: PATH, title: "Pico" }],
    timer: worldTimer(world),
    ...context,
  });
  if (config !== undefined) fake.files.set("/desk/latchkey.json", JSON.stringify(config));
  return {
    fake,
    run: async (...words: string[]) => {
      let ended = false;
      const running = fake.run("provision", ...words).finally(() => {
        ended = true;
      });
      // What comes from the standard input comes from outside of virtual time.
      for (let s = 0; s < SECONDS_MAX && !ended; s++) {
        await new Promise((resolve) => setImmediate(resolve));
        await world.run(() => ended, 1e6);
      }
      assert.ok(ended, "hangs");
      return running;
    },
  };
}

async function desk({ faults, env = PASSWORD, config = WIRED }: Setting = {}) {
  const bench = provisioningBench();
  await bench.pass(100);
  const port = faultyPort(bench.line, faults);
  const context = { env, openBytes: port.connect };
  return { bench, port, ...(await inWorld(bench.world, context, config)) };
}

/** The whole way up to where the node would start anew, which this bench does not do. */
const WORDS = ["--wifi-ssid", LAB.ssid, "--wait", "1"];
/** The bench's node stays the one that waits. */
const UNFINISHED = 4;

function wholeConfig() {
  const { ssid, password } = LAB;
  return { ...WIRED, wifi: { ssid, password } };
}

describe("latchkey provision", () => {
  it("finds the node, tries the Wi-Fi, sends the configuration and says what it waits for", async () => {
    const { bench, run } = await desk();
    const { out, err, exitCode } = await run(...WORDS);
    assert.match(out, /firmware +Latchkey reader 1\.2\.3/);
    assert.match(out, /fingerprint +([0-9A-F]{4} ?){8}/);
    assert.match(out, /The Wi-Fi "lab" takes the password/);
    assert.match(out, /has checked and stored its configuration/);
    assert.deepEqual(JSON.parse(bench.store.read()!), wholeConfig());
    assert.equal(bench.restarts, 1);
    assert.match(err, /\[provisioning-unfinished\]/);
    assert.equal(exitCode, UNFINISHED);
    assert.ok(!`${out}${err}`.includes(LAB.password));
  });

  it("tells a wrong password before anything is stored, in words for a ladder", async () => {
    const { bench, run } = await desk({ env: { LATCHKEY_WIFI_PASSWORD: "wrong horse" } });
    const { err, exitCode } = await run(...WORDS);
    assert.match(err, /The Wi-Fi does not accept the password\. \[wifi-password-wrong\]/);
    assert.match(err, /Type it again: capital letters count/);
    assert.equal(exitCode, 4);
    assert.equal(bench.store.read(), undefined);
    const elsewhere = await run("--wifi-ssid", "nowhere");
    assert.match(elsewhere.err, /no Wi-Fi of that name in reach\. \[wifi-not-found\]/);
  });

  it("asks for the password without showing it, and never takes it from the command line", async () => {
    const { fake, bench, run } = await desk({ env: {} });
    const refused = await run(...WORDS);
    assert.match(refused.err, /set LATCHKEY_WIFI_PASSWORD/);
    assert.equal(refused.exitCode, 2);
    const typed = `wrongX\u007f\u007f\u007f\u007f\u007f\u007f${LAB.password}\r`;
    Object.assign(fake.stdin, { isTTY: true, setRawMode: () => undefined });
    fake.stdin.write(typed);
    const { out, err } = await run(...WORDS);
    assert.match(err, /Password of the Wi-Fi "lab": /);
    assert.deepEqual(JSON.parse(bench.store.read()!), wholeConfig());
    assert.ok(!`${out}${err}`.includes("horse"));
    const option = await run("--wifi-password", LAB.password);
    assert.match(option.err, /has no option/);
  });

  it("passes on what the node has against a configuration", async () => {
    const { bench, run } = await desk({ config: { ...WIRED, relay: { pin: 99 } } });
    const { err, exitCode } = await run(...WORDS);
    assert.match(err, /relay\.pin: .*\[config-invalid\]/);
    assert.equal(exitCode, 2);
    assert.equal(bench.store.read(), undefined);
  });

  it("puts the token into the configuration, from the environment or the command line", async () => {
    for (const [env, words] of [
      [{ ...PASSWORD, LATCHKEY_ENROL_TOKEN: "lke_x" }, WORDS],
      [PASSWORD, [...WORDS, "--token", "lke_x"]],
    ] as const) {
      const { bench, run } = await desk({ env });
      await run(...words);
      assert.equal(JSON.parse(bench.store.read()!).enrol_token, "lke_x");
    }
  });

  it("ends at Ctrl-C, wherever it is, and the node keeps what it had", async () => {
    for (const afterMs of [0, 500, 1_500]) {
      const { bench, fake, run } = await desk();
      bench.world.after(afterMs * 1000, () => fake.interrupt.abort());
      const { exitCode, err } = await run(...WORDS);
      assert.equal(exitCode, 130, `${afterMs}`);
      assert.match(err, /\[cancelled\]/);
      assert.equal(bench.store.read(), undefined);
    }
  });

  it("lists the networks that the node sees", async () => {
    const { run } = await desk();
    const { out, exitCode } = await run("--scan");
    assert.match(out, /lab +-52 dBm\n +guests +-71 dBm, open/);
    assert.equal(exitCode, 0);
  });

  it("gives a public Wi-Fi only to a device that is not Latchkey, and says so", async () => {
    const bench = provisioningBench();
    let hear = (_: Uint8Array): void => {};
    const answers = [
      [0x02, [encodePacket(1, Uint8Array.of(2))]],
      [0x03, [encodeResult(3, ["Blinker", "7", "ESP32", "lamp"])]],
      [0x01, [encodePacket(1, Uint8Array.of(4)), encodeResult(1, ["http://10.0.0.9"])]],
    ] as const;
    const device = {
      write: (bytes: Uint8Array) => {
        const [, packets = [encodePacket(2, Uint8Array.of(2))]] =
          answers.find(([command]) => bytes[9] === command) ?? [];
        for (const packet of packets) hear(packet);
      },
      onBytes: (callback: typeof hear) => {
        hear = callback;
      },
      onEnd: () => {},
      close: () => {},
    };
    const context = { env: PASSWORD, openBytes: async () => device };
    const { run } = await inWorld(bench.world, context, undefined);
    const { out, exitCode } = await run(...WORDS);
    assert.match(out, /Blinker 7/);
    assert.match(out, /The device is on the Wi-Fi "lab"/);
    assert.match(out, /Go on at http:\/\/10\.0\.0\.9/);
    assert.equal(exitCode, 0);
    const { run: again } = await inWorld(bench.world, context, WIRED);
    assert.match((await again()).err, /not Latchkey: it takes a Wi-Fi/);
  });
});

describe("latchkey provision on a bad cable", () => {
  const at = (wanted: number, fault: Fault) => (n: number) => (n === wanted ? fault : undefined);

  async function countPackets() {
    const { port, run } = await desk();
    await run(...WORDS);
    return { ...port.counts };
  }

  for (const direction of ["toNode", "fromNode"] as const) {
    it(`gets through when any one packet ${direction} is lost or garbled`, async function () {
      this.timeout(60_000);
      const count = (await countPackets())[direction];
      assert.ok(count > 12, `${count}`);
      for (let n = 0; n < count; n++)
        for (const fault of ["drop", "garble"] as const) {
          const { bench, run } = await desk({ faults: { [direction]: at(n, fault) } });
          const { out } = await run(...WORDS);
          assert.deepEqual(JSON.parse(bench.store.read() ?? "{}"), wholeConfig(), `${n} ${fault}`);
          assert.match(out, /has checked and stored/, `${n} ${fault}`);
        }
    });

    it(`ends with a code when from any packet ${direction} on nothing arrives`, async function () {
      this.timeout(60_000);
      const count = (await countPackets())[direction];
      for (let n = 0; n < count; n++)
        for (const fault of ["drop", "garble", "cut"] as const) {
          const from = (at: number): Fault => (at < n ? undefined : fault);
          const { bench, run } = await desk({ faults: { [direction]: from } });
          const { err } = await run(...WORDS);
          const [, code = "none"] = /\[([a-z-]+)\]\n/.exec(err) ?? [];
          const codes = ["provisioning-silent", "provisioning-damaged", "port-unavailable"];
          const late = ["provisioning-unfinished"];
          const stored = bench.store.read() !== undefined;
          assert.ok([...codes, ...(stored ? late : [])].includes(code), `${n} ${fault}: ${err}`);
        }
    });
  }

  it("names the port at which nothing answers", async () => {
    const { run } = await desk({ faults: { toNode: () => "drop" } });
    const { err, exitCode } = await run(...WORDS);
    assert.match(err, /nothing at \/dev\/ttyACM0 answers as a node.*\[provisioning-silent\]/);
    assert.match(err, /Check cable and port/);
    assert.equal(exitCode, 4);
  });
});
