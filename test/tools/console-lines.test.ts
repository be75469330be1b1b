import assert from "node:assert/strict";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Context } from "../../tools/cli/context.ts";
import { sampleConfig } from "../firmware/sample-config.ts";
import { VirtualTime } from "../hal/virtual-time.ts";
import { FakeWorld, fakeLink } from "./fake-context.ts";

const PORT = "/dev/ttyACM0";
const entry = (level: string, event: string, more = {}) =>
  `${JSON.stringify({ n: 1, at_ms: 12_345, level, event, ...more })}\r\n`;

/** Lets streams and promises get on; no time passes. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A console on a port that can be pulled out and put back. */
async function attached(words: readonly string[] = [], changes: Partial<Context> = {}) {
  const time = new VirtualTime();
  let plugged = true;
  let far = fakeLink();
  const openSerial = async () => {
    if (!plugged) throw new LatchkeyError("port-unavailable", { message: "does not exist" });
    far = fakeLink();
    return far.link;
  };
  const world = new FakeWorld({ openSerial, timer: time.timer, ...changes });
  world.files.set("/desk/latchkey.json", JSON.stringify(sampleConfig()));
  let ended = false;
  const running = world.run("console", PORT, ...words).finally(() => {
    ended = true;
  });
  await settle();
  return {
    world,
    far: () => far,
    say: async (text: string, ms = 100) => {
      far.say(text);
      await time.pass(ms);
      await settle();
    },
    pass: async (ms: number) => {
      for (let left = ms; left > 0; left -= 250) {
        await time.pass(250);
        await settle();
      }
    },
    pull: async () => {
      plugged = false;
      far.end("unplugged");
      await settle();
    },
    put: () => {
      plugged = true;
    },
    type: async (line: string) => {
      world.stdin.write(`${line}\n`);
      await settle();
    },
    get ended() {
      return ended;
    },
    end: async () => {
      world.interrupt.abort();
      return running;
    },
  };
}

describe("latchkey console, line by line", () => {
  it("shows log entries from the wanted level on, for all and for one tag", async () => {
    const desk = await attached(["--level", "warn", "--level", "nfc=debug"]);
    await desk.say(entry("info", "reader-ready") + entry("warn", "display-absent"));
    await desk.say(entry("debug", "nfc-ready", { firmware: "1.6" }) + entry("error", "stopped"));
    await desk.say('state: READY\r\n{"state":"READY"}\r\n');
    const { out } = await desk.end();
    assert.ok(!out.includes("reader-ready"));
    assert.match(out, /12\.345 s warn {2}display-absent/);
    assert.match(out, /debug nfc-ready firmware 1\.6/);
    assert.match(out, /error stopped/);
    assert.match(out, /state: READY\r\n\{"state":"READY"\}\r\n/);
  });

  it("refuses a level that is none", async () => {
    const run = await new FakeWorld().run("console", PORT, "--level", "loud");
    assert.match(run.err, /--level takes debug, info, warn, error, none or tag=level/);
  });

  it("gives programs each entry as an object", async () => {
    const desk = await attached(["--json", "--timestamps"]);
    await desk.say(`${entry("warn", "nfc-fault", { code: "pn532-dead" })}READY\r\n`);
    await desk.end();
    const [connected, log, serial, end] = desk.world.events();
    assert.equal(connected?.["type"], "note");
    const time = "2023-11-14T22:13:20.000Z";
    assert.deepEqual(log, {
      type: "log",
      line: {
        ...{ atMs: 12_345, level: "warn", event: "nfc-fault" },
        fields: { code: "pn532-dead" },
      },
      time,
    });
    assert.deepEqual(serial, { type: "serial", time, text: "READY" });
    assert.deepEqual(end, { type: "end", exitCode: 0 });
  });

  it("shows a prompt that has no end of line, once the node is silent", async () => {
    const desk = await attached();
    await desk.say("> ", 30);
    assert.ok(!desk.world.out.includes("> "));
    await desk.say("", 100);
    assert.ok(desk.world.out.endsWith("> "));
    await desk.end();
  });

  it("waits for a port that was pulled out, says so, and goes on when it is back", async () => {
    const desk = await attached();
    await desk.say("one\r\n");
    await desk.pull();
    await desk.type("status");
    await desk.pass(20_000);
    assert.equal(desk.ended, false);
    desk.put();
    await desk.pass(5_000);
    await desk.say("two\r\n");
    await desk.type("net");
    const { out, err, exitCode } = await desk.end();
    assert.match(err, /ttyACM0 is gone: unplugged; waiting for it/);
    assert.match(err, /not sent: \/dev\/ttyACM0 is away/);
    assert.match(out, /one\r\n\/dev\/ttyACM0 is back\ntwo/);
    assert.deepEqual(desk.far().heard, ["net\r\n"]);
    assert.equal(exitCode, 0);
  });

  it("looks for it less and less often, up to every four seconds", async () => {
    const tries: number[] = [];
    const time = new VirtualTime();
    const far = fakeLink();
    const openSerial = async () => {
      tries.push(time.nowMs);
      if (tries.length === 1) return far.link;
      throw new LatchkeyError("port-unavailable");
    };
    const world = new FakeWorld({ openSerial, timer: time.timer });
    const running = world.run("console", PORT);
    await settle();
    far.end("unplugged");
    await time.pass(20_000);
    world.interrupt.abort();
    assert.equal((await running).exitCode, 0);
    assert.deepEqual(tries.slice(1), [250, 750, 1_750, 3_750, 7_750, 11_750, 15_750, 19_750]);
  });

  it("writes a transcript, with times, of both sides and of what the filter hid", async () => {
    const desk = await attached(["--transcript", "repair.log", "--level", "none"]);
    await desk.say(entry("info", "reader-ready"));
    await desk.type("status");
    await desk.pull();
    await desk.end();
    const time = "2023-11-14T22:13:20.000Z";
    assert.equal(
      desk.world.files.get("/desk/repair.log"),
      [
        `${time} = ${PORT}`,
        `${time} < ${entry("info", "reader-ready").trim()}`,
        `${time} > status`,
        `${time} = ${PORT} is gone: unplugged`,
        "",
      ].join("\n"),
    );
  });

  it("goes on without the transcript when the disk is full, and says so once", async () => {
    let left = 1;
    const appendText = (path: string): void => {
      if (left-- <= 0)
        throw new LatchkeyError("file-unusable", { message: `${path} cannot be written` });
    };
    const desk = await attached(["--transcript", "t.log"], { appendText });
    await desk.say("one\r\ntwo\r\n");
    const { out, err } = await desk.end();
    assert.match(out, /one\r\ntwo/);
    assert.equal(
      err.match(/The transcript ends here: \/desk\/t\.log cannot be written/g)?.length,
      1,
    );
  });

  it("never shows or writes down a secret, however it is spelt or split", async () => {
    const { comm_key, df1, enrol_token } = sampleConfig() as Record<string, string>;
    const hex = Buffer.from(comm_key!, "base64url").toString("hex");
    const lines = [
      `{"comm_key":"${"A".repeat(43)}","label":"x"}`,
      `password: hunter2hunter2`,
      `key is ${hex}`,
      `df1=${df1} and ${enrol_token}`,
      "Admin lka_0123456789abcdefghijkl",
      "the Wi-Fi correct horse",
    ];
    const desk = await attached(["--transcript", "t.log"]);
    for (const line of lines) {
      await desk.say(line.slice(0, 20), 500);
      await desk.say(`${line.slice(20)}\r\n`);
    }
    await desk.type(`{"enrol_token":"${enrol_token}"}`);
    const { out, err } = await desk.end();
    const everything = out + String(desk.world.files.get("/desk/t.log"));
    const secrets = ["AAAAAAAA", "hunter2", hex, df1, enrol_token, "lka_0", "correct horse"];
    for (const secret of secrets) assert.ok(!everything.includes(secret!), secret);
    assert.match(out, /"label":"x"/);
    assert.equal(err.match(/printed a secret/g)?.length, 1);
  });

  it("leaves ordinary words alone", async () => {
    const desk = await attached();
    const text =
      "Check the Wi-Fi name and password, or the cable.\r\nnode pk: 00ff\r\n" +
      "comm_key: must have 32 bytes, has 31\r\npassword: must not be empty\r\n";
    await desk.say(text);
    const { out, err } = await desk.end();
    assert.ok(out.includes(text));
    assert.equal(err, "");
  });
});
