import assert from "node:assert/strict";
import { connect } from "node:net";
import { ControlServer } from "../../tools/control-socket.ts";
import { connectTcp } from "../../tools/tcp-link.ts";
import { FakeDesk, FakeWorld } from "./fake-context.ts";

describe("the door to a running simulator", () => {
  const desk = new FakeDesk();
  const server = new ControlServer(desk);
  let address: { port: number; token: string };

  before(async () => {
    address = await server.start();
  });
  after(() => server.stop());

  const world = (): FakeWorld => {
    const made = new FakeWorld({ connectTcp });
    made.files.set("/desk/.latchkey/sim.json", JSON.stringify(address));
    return made;
  };

  it("taps the first badge and says what the door did", async () => {
    const run = await world().run("tap");
    assert.equal(run.exitCode, 0, run.err);
    assert.match(run.out, /good: GRANTED to Ada in 71\.3 ms/);
  });

  it("ends with 1 when the door stays shut", async () => {
    const run = await world().run("tap", "clone", "--hold", "250");
    assert.equal(run.exitCode, 1);
    assert.match(run.out, /clone: DENIED: badge-cloned/);
    assert.equal(desk.taps.at(-1), "clone for 250");
  });

  it("lays a badge on the PN532, for good or for a while, or says that there is none", async () => {
    const none = await world().run("tap", "good", "--pn532");
    assert.equal(none.exitCode, 4);
    assert.match(none.err, /no PN532 \[not-found\]/);
    desk.pn532 = {};
    const run = await world().run("tap", "--pn532");
    assert.equal(run.exitCode, 0, run.err);
    assert.match(run.out, /good lies on the PN532/);
    await world().run("tap", "clone", "--pn532", "--hold", "250");
    assert.deepEqual(desk.laid, ["good", "clone for 250"]);
    assert.deepEqual(desk.taps.slice(-1), ["clone for 250"], "the reader saw nothing of it");
  });

  it("names the badges", async () => {
    assert.match((await world().run("tap", "--list")).out, /good +Ada\n +clone +a copy of Ada's/);
  });

  it("passes an error of the simulator on under its code", async () => {
    const run = await world().run("tap", "nobody");
    assert.equal(run.exitCode, 4);
    assert.match(run.err, /no nobody here \[badge-unknown\]/);
  });

  it("carries the reader's console", async () => {
    server.serial("nobody listens yet\n");
    const forward = (async () => {
      for await (const event of desk.events())
        if (event.type === "serial") server.serial(event.text);
    })();
    const run = await world().run("console", "sim", "--send", "status", "--wait", "50");
    assert.equal(run.out, "echo status\n");
    assert.equal(desk.typed.at(-1), "status\r\n");
    desk.channel.end();
    await forward;
  });

  it("refuses a second simulator in the folder: two would share one database and flash", async () => {
    const second = await world().run("sim");
    assert.equal(second.exitCode, 4);
    assert.match(second.err, /\[sim-running\]\n.*latchkey tap/);
  });

  it("takes half a file for no simulator", async () => {
    for (const text of ["", "{", "null", '{"port":"x"}', '{"port":99999999,"token":"t"}']) {
      const half = new FakeWorld({ connectTcp });
      half.files.set("/desk/.latchkey/sim.json", text);
      const run = await half.run("tap");
      assert.equal(run.exitCode, 4, text);
      assert.match(run.err, /\[sim-not-running\]/, text);
    }
  });

  it("tells a console that its simulator went away, and ends it", async () => {
    const gone = new ControlServer(new FakeDesk());
    const there = new FakeWorld({ connectTcp });
    there.files.set("/desk/.latchkey/sim.json", JSON.stringify(await gone.start()));
    const running = there.run("console", "sim");
    await new Promise((done) => setTimeout(done, 100));
    await gone.stop();
    const run = await running;
    assert.match(run.err, /sim is gone: the simulator went away/);
  });

  it("says what to type when nothing runs", async () => {
    const run = await new FakeWorld().run("tap");
    assert.equal(run.exitCode, 4);
    assert.match(
      run.err,
      /No simulator runs in this folder.*\n.*Start one here with `latchkey sim`/,
    );
    const stale = new FakeWorld({ connectTcp });
    stale.files.set("/desk/.latchkey/sim.json", JSON.stringify({ port: 1, token: "x" }));
    assert.match((await stale.run("tap")).err, /No simulator runs in this folder/);
  });

  for (const [name, line, code] of [
    ["a wrong token", '{"token":"guess","do":"tap","badge":"good"}', "unauthenticated"],
    ["no token", '{"do":"tap","badge":"good"}', "unauthenticated"],
    ["a web page's request", "POST /tap HTTP/1.1", "malformed"],
    ["a list", "[]", "unauthenticated"],
    ["a flood", `"${"x".repeat(5000)}"`, "malformed"],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const before = desk.taps.length;
      const socket = connect(address.port, "127.0.0.1");
      socket.write(`${line}\n`);
      const answer = await new Promise<string>((resolve) => {
        socket.once("data", (data) => resolve(data.toString()));
      });
      socket.destroy();
      assert.equal((JSON.parse(answer) as { error: { code: string } }).error.code, code);
      assert.equal(desk.taps.length, before);
    });
  }

  it("hangs up on whoever never ends a line, and keeps nothing of it", async () => {
    const socket = connect(address.port, "127.0.0.1");
    socket.on("error", () => {}); // it hangs up while we are talking
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const part = "x".repeat(16_384);
    const talking = setInterval(() => socket.write(part), 1);
    await closed;
    clearInterval(talking);
    assert.ok(socket.bytesWritten < 4_000_000, `${socket.bytesWritten} bytes taken`);
  });

  it("gives one try only to whoever does not know the token", async () => {
    const before = desk.taps.length;
    const socket = connect(address.port, "127.0.0.1");
    socket.on("error", () => {});
    let answers = "";
    socket.on("data", (data) => {
      answers += data.toString();
    });
    const guess = '{"token":"guess","do":"tap","badge":"good"}';
    const right = JSON.stringify({ token: address.token, do: "tap", badge: "good" });
    socket.write(`${guess}\n${guess}\n${right}\n`);
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    assert.equal(answers.match(/unauthenticated/g)?.length, 1, answers);
    assert.equal(desk.taps.length, before);
  });

  it("hangs up on whoever says nothing", async () => {
    const hasty = new ControlServer(desk, { silenceMs: 20 });
    const { port, token } = await hasty.start();
    const silent = connect(port, "127.0.0.1");
    const known = connect(port, "127.0.0.1");
    let hungUp = false;
    known.on("close", () => {
      hungUp = true;
    });
    known.write(`${JSON.stringify({ token, do: "attach" })}\n`);
    await new Promise<void>((resolve) => silent.once("close", () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(hungUp, false);
    known.destroy();
    await hasty.stop();
  });
});
