import assert from "node:assert/strict";
import type { SimEvent } from "../../host-sim/scenario/events.ts";
import { LiveView } from "../../tools/cli/live-view.ts";
import { styleFor } from "../../tools/cli/style.ts";
import { FakeSimulator, FakeWorld } from "./fake-context.ts";

const RESULT: SimEvent = {
  type: "result",
  ok: true,
  seed: "7",
  atMs: 4000,
  wallMs: 40,
  traceHash: "ab".repeat(32),
  boot: { bus: 1, crypto: 2 },
};
const RUN: readonly SimEvent[] = [
  { type: "screen", atMs: 10, lines: ["READY", "", "Front door"], frame: "▀" },
  { type: "serial", atMs: 20, text: "boot\n" },
  { type: "relay", atMs: 30, energised: true },
  {
    type: "decision",
    atMs: 30,
    granted: true,
    holder: "Ada",
    tookMs: 71.2,
    breakdown: { bus: 31 },
  },
  { type: "expect", atMs: 31, line: 4, text: "screen GRANTED", ok: true },
  { type: "screenshot", atMs: 32, path: "oled.png", png: Uint8Array.of(1, 2) },
  RESULT,
];

function worldWith(events: readonly SimEvent[]) {
  const simulator = new FakeSimulator(events);
  const world = new FakeWorld({ loadSimulator: async () => simulator });
  world.files.set("/desk/a.yaml", "name: a");
  return { simulator, world };
}

describe("latchkey sim --headless", () => {
  it("plays a scenario, writes its files and says how it went", async () => {
    const { world } = worldWith(RUN);
    const run = await world.run("sim", "--headless", "a.yaml", "--serial-log-file", "log.txt");
    assert.equal(run.exitCode, 0, run.err);
    assert.match(run.out, /screen {2}READY │ Front door/);
    assert.match(run.out, /GRANTED to Ada in 71\.2 ms \(bus 31\.0\)/);
    assert.match(run.out, /4\.0 s simulated in 40 ms \(100 × real time\)/);
    assert.match(run.out, /seed 7 · trace abababababababab/);
    assert.deepEqual(world.files.get("/desk/oled.png"), Uint8Array.of(1, 2));
    assert.equal(world.files.get("/desk/log.txt"), "boot\n");
  });

  it("does not repeat a screen on which only a clock ticks", async () => {
    const screens = ["boot   9.9 s", "boot  10.1 s", "READY 12:00"].map(
      (line, i): SimEvent => ({ type: "screen", atMs: i, lines: [line], frame: "" }),
    );
    const { world } = worldWith([...screens, RESULT]);
    const { out } = await world.run("sim", "a.yaml");
    assert.equal(out.match(/screen/g)?.length, 2);
  });

  it("joins what a serial port gives in pieces", async () => {
    const pieces = ["Latch", "key\nst", "ate READY\n"];
    const serial = pieces.map((text, i): SimEvent => ({ type: "serial", atMs: i, text }));
    const { world } = worldWith([...serial, RESULT]);
    const { out } = await world.run("sim", "a.yaml");
    assert.deepEqual(out.match(/(?<=serial {2}).*/g), ["Latchkey", "state READY"]);
  });

  it("hands its options on", async () => {
    const { simulator, world } = worldWith(RUN);
    const words = ["--expect-text", "A", "--expect-text=B", "--fail-text", "C", "--timeout", "1.5"];
    await world.run("sim", "a.yaml", ...words, "--seed", "s", "--speed", "2", "--screenshot", "p");
    const { signal: _, ...asked } = simulator.asked!;
    assert.deepEqual(asked, {
      expectText: ["A", "B"],
      failText: ["C"],
      timeoutMs: 1500,
      seed: "s",
      speed: 2,
      screenshot: "p",
    });
  });

  for (const [code, exitCode] of [
    ["expectation-failed", 1],
    ["sim-timeout", 3],
    ["cancelled", 130],
  ] as const) {
    it(`ends with ${exitCode} on ${code}`, async () => {
      const { world } = worldWith([{ ...RESULT, ok: false, code, message: "because" }]);
      const run = await world.run("sim", "a.yaml");
      assert.equal(run.exitCode, exitCode);
      assert.match(run.out, /✖ because/);
    });
  }

  it("fails when the simulator ends without a result", async () => {
    assert.equal((await worldWith([]).world.run("sim", "a.yaml")).exitCode, 1);
  });

  it("prints events as JSON lines, images by their size", async () => {
    const { world } = worldWith(RUN);
    await world.run("sim", "a.yaml", "--json");
    const events = world.events();
    assert.equal(events.length, RUN.length + 1);
    assert.deepEqual(events[5]?.["png"], { bytes: 2 });
  });

  it("names the file and the line of a broken scenario", async () => {
    const { world } = worldWith([]);
    world.files.set("/desk/b.yaml", "wrong");
    const run = await world.run("sim", "b.yaml");
    assert.equal(run.exitCode, 2);
    assert.match(run.err, /b\.yaml: line 3: wrong \[scenario-invalid\]/);
  });

  it("guesses what was meant when the file does not exist", async () => {
    const run = await worldWith([]).world.run("sim", "serv");
    assert.equal(run.exitCode, 2);
    assert.match(run.err, /there is no scenario `serv`; did you mean `serve`\?/);
  });

  it("plays a first tap when no scenario is named", async () => {
    const { world } = worldWith(RUN);
    const read: string[] = [];
    const readText = (path: string): string => {
      read.push(path);
      return "name: x";
    };
    const context = { ...world.context, readText };
    const other = new FakeWorld(context);
    await other.run("sim", "--headless");
    assert.match(read[0] ?? "", /examples\/first-tap\.yaml$/);
  });

  it("wants --headless for options that only a scenario obeys", async () => {
    const run = await worldWith([]).world.run("sim", "--expect-text", "GRANTED");
    assert.equal(run.exitCode, 2);
    assert.match(run.err, /--expect-text belongs to a scenario: add --headless/);
  });
});

describe("latchkey sim --pn532-pty", () => {
  it("says where the PN532 is and how libnfc gets to it", async () => {
    const { simulator, world } = worldWith([]);
    simulator.desk.channel.end();
    const run = await world.run("sim", "--pn532-pty", "--badge", "good");
    assert.equal(run.exitCode, 0, run.err);
    assert.deepEqual(simulator.desk.pn532, { badge: "good" });
    assert.match(run.out, /PN532 at the serial port \/tmp\/pty/);
    assert.match(run.out, /LIBNFC_DEVICE=pn532_uart:\/tmp\/pty nfc-list/);
  });

  it("is not there unless it is asked for", async () => {
    const { simulator, world } = worldWith([]);
    simulator.desk.channel.end();
    assert.doesNotMatch((await world.run("sim")).out, /PN532/);
    assert.equal(simulator.desk.pn532, undefined);
  });

  for (const [words, why] of [
    [["--badge", "good"], /--badge lies on a PN532: add --pn532-pty/],
    [["--headless", "--pn532-pty"], /--pn532-pty belongs to the interactive simulator/],
  ] as const) {
    it(`refuses ${words.join(" ")}`, async () => {
      const run = await worldWith([]).world.run("sim", ...words);
      assert.equal(run.exitCode, 2);
      assert.match(run.err, why);
    });
  }
});

describe("latchkey sim on a terminal", () => {
  it("draws the panel, taps by number, types console commands and gives the screen back", async () => {
    const { simulator, world } = worldWith([]);
    const tty = { write: world.context.stdout.write, isTTY: true, columns: 80, rows: 50 };
    const stdin = Object.assign(world.stdin, { isTTY: true, setRawMode: () => undefined });
    Object.assign(world.context, { stdout: tty, stdin });
    const running = world.run("sim");
    simulator.desk.channel.push(RUN[0]!);
    await new Promise((resolve) => setTimeout(resolve, 20));
    stdin.write("2");
    stdin.write("s");
    await new Promise((resolve) => setTimeout(resolve, 20));
    stdin.write("q");
    const run = await running;
    assert.equal(run.exitCode, 0, run.err);
    assert.deepEqual(simulator.desk.taps, ["clone"]);
    assert.deepEqual(simulator.desk.typed, ["status\r\n"]);
    assert.match(run.out, /▀[\s\S]*\[1\][\s\S]*tap[\s\S]*good/);
    assert.ok(run.out.includes("\x1b[?1049l"), "the alternate screen was left");
    assert.equal(simulator.desk.stopped, true);
    assert.equal(world.files.has("/desk/.latchkey/sim.json"), false);
  });
});

describe("the live view", () => {
  it("fits the terminal, whatever its size, and never loses the keys", () => {
    const { badges, serverUrl } = new FakeSimulator().desk;
    const view = new LiveView(badges, serverUrl, styleFor(new FakeWorld().context.stdout, {}));
    const frame = Array.from({ length: 18 }, () => "█".repeat(66)).join("\n");
    view.add({ type: "screen", atMs: 1, lines: [], frame });
    for (let i = 0; i < 20; i++) view.add({ type: "note", atMs: i, text: `note ${i}` });
    for (const rows of [24, 30, 50]) {
      const text = view.text({ columns: 80, rows });
      assert.ok(text.split("\n").length <= rows, `${rows} rows`);
      assert.match(text, /good/);
      assert.match(text, /\[q\] quit/);
      assert.match(text, /note 19/);
    }
  });

  it("cuts what is wider than the terminal, and leaves its colours whole", () => {
    const { badges, serverUrl } = new FakeSimulator().desk;
    const style = styleFor(new FakeWorld().context.stdout, { FORCE_COLOR: "1" });
    const view = new LiveView(badges, serverUrl, style);
    view.add({ type: "screen", atMs: 1, lines: [], frame: "█".repeat(66) });
    view.add({ type: "note", atMs: 1, text: "long ".repeat(60) });
    for (const columns of [40, 80]) {
      const text = view.text({ columns, rows: 50 });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a colour
      const bare = text.replaceAll(/\x1b\[\d+m/g, "");
      for (const line of bare.split("\n")) assert.ok(line.length <= columns, line);
      assert.ok(!bare.includes("\x1b"), "no colour was cut in two");
    }
  });
});
