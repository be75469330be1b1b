import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMANDS, parseCommandLine } from "../../firmware/console/command-line.ts";
import { Console } from "../../firmware/console/console.ts";
import { LINE_BYTES_MAX, LineReader } from "../../firmware/console/line-reader.ts";
import type { ConsoleSource } from "../../firmware/console/snapshot.ts";
import type { SerialOptions } from "../../hal/ecma419.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";

const SENSORS = [
  {
    ...{ sensor: "room", platform: "bme280", temperature: 24.3, humidity: 58.1, age_ms: 12_000 },
    ...{ error: null, error_count: null, error_next: null, due_in_ms: 48_000 },
  },
  {
    ...{ sensor: "roof", platform: "bmp390", age_ms: null, error: "sensor-absent" },
    ...{ error_count: 4, error_next: "Check its wiring.", due_in_ms: 16_000 },
  },
];

/** The far end of a serial port that takes a few bytes at a time. */
class Terminal {
  output = "";
  reboots = 0;
  resets = 0;
  /** Lets the self-test that was asked for come to its end. */
  runSelfTest: (() => void) | undefined;
  closed = false;
  readonly #waiting: Uint8Array[] = [];
  readonly #console: Console;
  #options: SerialOptions | undefined;
  #room = 0;

  constructor(echo = false) {
    const terminal = this;
    class Port {
      constructor(options: SerialOptions) {
        terminal.#options = options;
      }
      read(): ArrayBuffer | undefined {
        return terminal.#waiting.shift()?.slice().buffer as ArrayBuffer | undefined;
      }
      write(buffer: ArrayBuffer | Uint8Array): void {
        const bytes = new Uint8Array(buffer);
        assert.ok(bytes.length <= terminal.#room, "more than there is room for");
        terminal.#room -= bytes.length;
        terminal.output += fromUtf8(bytes);
      }
      close(): void {
        terminal.closed = true;
      }
    }
    const pins = { receive: 1, transmit: 0, port: 0, baud: 115_200 };
    const banner = "Latchkey.";
    this.#console = new Console({ io: Port, ...pins, echo, source: this.#source(), banner });
    this.drain();
  }

  /** Types text and takes everything that comes back. */
  type(text: string): string {
    this.output = "";
    const bytes = toUtf8(text);
    this.#waiting.push(bytes);
    this.#options!.onReadable!.call({} as never, bytes.length);
    this.drain();
    return this.output;
  }

  /** Types without taking anything from the port. */
  typeBlindly(text: string): void {
    const bytes = toUtf8(text);
    this.#waiting.push(bytes);
    this.#options!.onReadable!.call({} as never, bytes.length);
  }

  drain(): void {
    for (let quiet = 0; quiet < 2; ) {
      const before = this.output.length;
      this.#room = 7;
      this.#options!.onWritable!.call({} as never, 7);
      quiet = this.output.length === before ? quiet + 1 : 0;
    }
  }

  close(): void {
    this.#console.close();
  }

  #source(): ConsoleSource {
    const tap = { number: 3, atMs: 61_500, badge: "04aa", readMs: 60, totalMs: 105 };
    const denied = { ...tap, granted: false, reason: "badge-cloned", checkMs: 42 };
    const granted = { ...tap, number: 4, granted: true, reason: "granted", checkMs: 40 };
    return {
      status: () => ({ state: "READY", error: null, retry_in_ms: null, granted: 4 }),
      id: () => ({ node_uid: "u-1" }),
      net: () => ({ up: true }),
      taps: (count) => [denied, granted].slice(-count),
      sensors: () => SENSORS,
      provision: () => ({ provisioning: "open", for_ms: 300_000 }),
      log: (count) =>
        [
          { number: 1, atMs: 5, level: "info" as const, event: "boot", fields: { reason: "x" } },
        ].slice(-count),
      reboot: () => void this.reboots++,
      selfTest: (onResult, onEnd) => {
        this.runSelfTest = () => {
          onResult({ name: "SHA-256", ok: true });
          onResult({ name: "X25519", ok: false, found: "00ff" });
          onEnd(1, 1);
        };
      },
      vectors: {
        add: (text) => ({ bytes: text.length / 2 }),
        run: (primitive, sum) => ({ result: `${primitive} ${sum}` }),
      },
      resetWord: "c0de",
      factoryReset: () => void this.resets++,
    };
  }
}

describe("the console", () => {
  it("greets, prompts and answers every command in words", () => {
    const terminal = new Terminal();
    assert.equal(terminal.output, "\r\nLatchkey.\r\n> ");
    assert.match(terminal.type("status\r"), /^state: +READY\r\ngranted: +4\r\n> $/);
    assert.match(terminal.type("id\n"), /node uid: +u-1/);
    assert.match(terminal.type("net\r\n"), /up: +true/);
    assert.match(
      terminal.type("log\r"),
      /^\{"n":1,"at_ms":5,"level":"info","event":"boot","reason":"x"\}\r\n> $/,
    );
    assert.deepEqual(terminal.type("sensors\r").split("\r\n").slice(0, 3), [
      "room (bme280): temperature 24.3, humidity 58.1, 12 s ago",
      "roof (bmp390): no reading yet",
      "   sensor-absent, 4 times; again in 16 s. Check its wiring.",
    ]);
    const help = terminal.type("help\r");
    for (const name of Object.keys(COMMANDS)) assert.ok(help.includes(name), name);
  });

  it("answers every command in one line of JSON", () => {
    for (const name of Object.keys(COMMANDS)) {
      if (name === "selftest") continue; // answers when it is done
      const more: Partial<Record<string, string>> = { "factory-reset": " c0de", vector: " 00ff" };
      const confirmed = `${name}${more[name] ?? ""}`;
      const lines = new Terminal().type(`${confirmed} --json\r`).split("\r\n");
      assert.equal(lines.length, 2, name);
      assert.equal(lines[1], "> ");
      assert.equal(typeof JSON.parse(lines[0]!), "object", name);
    }
  });

  it("takes published cases in pieces, and answers in JSON whether asked for it or not", () => {
    const terminal = new Terminal();
    assert.match(terminal.type("vector 00ff\r"), /^\{"vector":\{"bytes":2\}\}\r\n> $/);
    assert.match(
      terminal.type("vector run sha256 01234567 --json\r"),
      /^\{"vector":\{"result":"sha256 01234567"\}\}\r\n> $/,
    );
    for (const line of ["vector", "vector run sha256", "vector 00 11", "vector a b c d"])
      assert.match(terminal.type(`${line}\r`), /Usage: vector hex \| run primitive crc32/, line);
  });

  it("prints what a self-test finds as it comes, and its end", () => {
    const terminal = new Terminal();
    assert.match(terminal.type("selftest\r"), /^Testing;.*\r\n> $/);
    terminal.output = "";
    terminal.runSelfTest!();
    terminal.drain();
    const lines = terminal.output.split("\r\n").map((line) => line.replace(/^(> )?\r?/, ""));
    assert.equal(lines[0], "ok    SHA-256");
    assert.equal(lines[1], "FAILED X25519: 00ff");
    assert.ok(lines.includes("1 passed, 1 FAILED: do not use this board."));
    terminal.type("selftest --json\r");
    terminal.output = "";
    terminal.runSelfTest!();
    terminal.drain();
    const json = terminal.output.split("\r\n").find((line) => line.includes("{"))!;
    const { passed, failed, failures } = JSON.parse(json.slice(json.indexOf("{")));
    assert.deepEqual([passed, failed, failures[0].name], [1, 1, "X25519"]);
  });

  it("erases everything only for the word that names this board", () => {
    const terminal = new Terminal();
    for (const line of ["factory-reset", "factory-reset yes", "factory-reset C0DE"]) {
      assert.match(terminal.type(`${line}\r`), /type: factory-reset c0de/);
      assert.equal(terminal.resets, 0);
    }
    assert.match(terminal.type("factory-reset c0de now\r"), /does not take "now"/);
    assert.equal(terminal.resets, 0);
    assert.match(terminal.type("factory-reset c0de\r"), /Erasing everything/);
    assert.equal(terminal.resets, 1);
  });

  it("tells why a door did not open, with timings and what to do", () => {
    const text = new Terminal().type("badge\r");
    const [denial, why, grant] = text.split("\r\n");
    const times = "(read 60 ms, server 42 ms, total 105 ms)";
    assert.equal(denial, `#3 at 61.5 s  badge 04aa  DENIED badge-cloned  ${times}`);
    assert.match(why!, /^ {3}This badge shows the signs of a copy\. Keep the badge/);
    assert.match(grant!, /^#4 at 61\.5 s {2}badge 04aa {2}GRANTED {2}\(/);
    const json = JSON.parse(new Terminal().type("badge 1 --json\r").split("\r\n")[0]!);
    assert.deepEqual(json.taps.length, 1);
    assert.deepEqual(json.taps[0].check_ms, 40);
  });

  it("guesses what was meant", () => {
    assert.match(
      new Terminal().type("stauts\r"),
      /Unknown command "stauts"\. Did you mean "status"\?/,
    );
    assert.match(new Terminal().type("frobnicate\r"), /Type "help"/);
    assert.match(new Terminal().type("id --jsno\r"), /Did you mean "--json"\?/);
    assert.match(new Terminal().type("log 5 wran\r"), /Did you mean "warn"\?/);
    const error = JSON.parse(new Terminal().type("stauts --json\r").split("\r\n")[0]!);
    assert.equal(error.error.code, "usage");
  });

  it("reboots when told", () => {
    const terminal = new Terminal();
    assert.match(terminal.type("reboot\r"), /Rebooting/);
    assert.equal(terminal.reboots, 1);
  });

  it("edits the line, gives up on Ctrl-C, ignores empty lines", () => {
    const terminal = new Terminal();
    assert.match(terminal.type("stk\x7f\batus\r"), /Unknown command "satus"/);
    assert.match(terminal.type("sk\x7ftatus\r"), /READY/);
    assert.equal(terminal.type("reboot\x03\r"), "> > ");
    assert.equal(terminal.reboots, 0);
    assert.equal(terminal.type("   \r\n"), "> ");
  });

  it("echoes what is typed when it is told to", () => {
    const terminal = new Terminal(true);
    assert.equal(terminal.type("st"), "st");
    assert.equal(terminal.type("x\x7f"), "x\b \b");
    assert.match(terminal.type("atus\r"), /^atus\r\nstate: +READY/);
    assert.match(terminal.type("re\x03"), /^re\^C\r\n> $/);
  });

  it("refuses a line that is too long and takes the next one", () => {
    const terminal = new Terminal();
    assert.match(terminal.type(`${"x".repeat(5_000)}\r`), /too long: at most 128/);
    assert.match(terminal.type("status\r"), /READY/);
  });

  it("does not fill the memory when nobody takes its answers", () => {
    const terminal = new Terminal();
    terminal.output = "";
    for (let i = 0; i < 500; i++) terminal.typeBlindly("help\r");
    terminal.drain();
    assert.ok(terminal.output.length < 17_000, `${terminal.output.length} bytes`);
    assert.match(terminal.output, /output was dropped/);
    assert.match(terminal.type("status\r"), /READY/);
  });

  it("gives its port back", () => {
    const terminal = new Terminal();
    terminal.close();
    assert.ok(terminal.closed);
  });
});

describe("the console's parsers", () => {
  it("take any bytes in any pieces, and keep no more than a line of them", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (pieces) => {
        const reader = new LineReader();
        for (const piece of pieces) {
          for (const event of reader.push(piece))
            if (event.type === "line") assert.match(event.text, /^[ -~]{0,128}$/);
          assert.ok(reader.pending.length <= LINE_BYTES_MAX);
        }
      }),
    );
  });

  it("see the same lines however the bytes are cut", () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    const lines = (events: ReturnType<LineReader["push"]>) =>
      events.filter(({ type }) => type !== "echo");
    fc.assert(
      fc.property(bytes, fc.nat({ max: 200 }), (all, cut) => {
        const whole = new LineReader().push(all);
        const reader = new LineReader();
        const parts = [...reader.push(all.subarray(0, cut)), ...reader.push(all.subarray(cut))];
        assert.deepEqual(lines(parts), lines(whole));
      }),
    );
  });

  it("answer any line with a command, nothing, or usage", () => {
    const words = fc.constantFrom(...Object.keys(COMMANDS), "--json", "5", "warn", "", "-1", "1e9");
    const line = fc.oneof(
      fc.string(),
      fc.array(words).map((list) => list.join(" ")),
    );
    fc.assert(
      fc.property(line, (text) => {
        try {
          const command = parseCommandLine(text);
          if (command === undefined) return;
          assert.ok(Object.hasOwn(COMMANDS, command.name));
          assert.ok(command.count >= 0 && command.count <= 100);
        } catch (error) {
          assert.ok(isLatchkeyError(error, "usage"), String(error));
          assert.ok(error instanceof LatchkeyError && error.message.length < 200);
        }
      }),
    );
  });

  it("do not take a name of JavaScript for a command", () => {
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"])
      assert.throws(
        () => parseCommandLine(name),
        (error: unknown) => isLatchkeyError(error, "usage"),
      );
  });
});
