import assert from "node:assert/strict";
import { LatchkeyError } from "../../protocol/errors.ts";
import { openSerialPort } from "../../tools/serial-port.ts";
import { FakeWorld, fakeLink } from "./fake-context.ts";

describe("latchkey console", () => {
  it("connects to a serial port, types and shows what comes back", async () => {
    const far = fakeLink();
    let opened = "";
    const openSerial = async (path: string, baud: number) => {
      opened = `${path} ${baud}`;
      return far.link;
    };
    const world = new FakeWorld({ openSerial });
    const running = world.run("console", "/dev/ttyACM0", "--baud", "9600", "--once");
    await new Promise((resolve) => setTimeout(resolve, 5));
    world.stdin.write("status\n");
    await new Promise((resolve) => setTimeout(resolve, 5));
    far.say("READY\r\n");
    far.end("unplugged");
    const run = await running;
    assert.equal(opened, "/dev/ttyACM0 9600");
    assert.deepEqual(far.heard, ["status\r\n"]);
    assert.match(run.out, /READY/);
    assert.match(run.err, /\/dev\/ttyACM0 is gone: unplugged/);
    assert.equal(far.closed, true);
  });

  it("sends lines and ends when the other side falls silent", async () => {
    const far = fakeLink();
    const connectTcp = async (host: string, port: number) => {
      assert.deepEqual([host, port], ["::1", 7000]);
      setTimeout(() => far.say("ok\r\n"), 5);
      return far.link;
    };
    const world = new FakeWorld({ connectTcp });
    const words = ["--send", "status", "--send", "net", "--wait", "40"];
    const run = await world.run("console", "tcp:[::1]:7000", ...words);
    assert.equal(run.exitCode, 0, run.err);
    assert.deepEqual(far.heard, ["status\r\n", "net\r\n"]);
    assert.equal(run.out, "ok\r\n");
  });

  it("takes the only port there is, and asks when there are several", async () => {
    const port = (path: string) => ({ path, title: "USB" });
    const opened: string[] = [];
    const openSerial = async (path: string): Promise<never> => {
      opened.push(path);
      throw new LatchkeyError("port-unavailable", { message: `${path} is in use` });
    };
    const one = new FakeWorld({ openSerial, listSerialPorts: async () => [port("/dev/a")] });
    const run = await one.run("console");
    assert.equal(run.exitCode, 4);
    assert.match(run.err, /\/dev\/a is in use \[port-unavailable\]\n +→ /);
    const two = new FakeWorld({ listSerialPorts: async () => [port("/dev/a"), port("/dev/b")] });
    assert.match((await two.run("console")).err, /which port\? There are \/dev\/a, \/dev\/b/);
    assert.deepEqual(opened, ["/dev/a"]);
  });

  it("refuses an address that is none", async () => {
    const run = await new FakeWorld().run("console", "tcp:here");
    assert.match(run.err, /a TCP console is written tcp:host:port/);
  });

  it("says in words why a real port does not open", async () => {
    await assert.rejects(openSerialPort("/dev/latchkey-is-not-here", 115_200), {
      code: "port-unavailable",
      message: "/dev/latchkey-is-not-here does not exist",
    });
  });
});
