import assert from "node:assert/strict";
import { COMMANDS } from "../../firmware/console/command-line.ts";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { storedSeed } from "../support/stored-seed.ts";

/** Types a line at the board's serial port and gives what comes back. */
async function ask(sim: Simulation, line: string): Promise<string> {
  let output = "";
  sim.board.serial.onData((bytes) => {
    output += fromUtf8(bytes);
  });
  sim.board.serial.write(toUtf8(`${line}\r`));
  await sim.until(() => output.endsWith("\r\n> "), 5_000_000);
  return output;
}

describe("the console of a reader on the simulated board", () => {
  it("tells a technician what happened at the door, and nobody a secret", async function () {
    this.timeout(60_000);
    const badges = {
      alice: { kind: "good", mode: "STD", holder: "Alice" },
      eve: { kind: "revoked", mode: "STD", holder: "Eve" },
    } as const;
    const sim = await Simulation.create({ seed: "console", badges });
    await sim.ready();
    await sim.tap("alice");
    await sim.world.runFor(3_000_000);
    await sim.tap("eve");
    let everything = "";
    for (const name of Object.keys(COMMANDS)) {
      if (name === "reboot" || name === "selftest" || name === "factory-reset") continue;
      for (const line of [name, `${name} --json`]) {
        const output = await ask(sim, line);
        everything += output;
        if (!line.includes("--json")) continue;
        const json = output.split("\r\n").find((found) => found.startsWith("{"));
        assert.equal(typeof JSON.parse(json!), "object", line);
      }
    }
    assert.match(everything, /GRANTED/);
    assert.match(everything, /DENIED badge-revoked/);
    const { config } = sim;
    const key = storedSeed(sim.board);
    const secrets = [key, config.commKey.bytes, config.df1!.bytes];
    for (const secret of secrets) {
      for (const text of [toHex(secret), toBase64(secret), toBase64Url(secret), String(secret)])
        assert.ok(!everything.includes(text.slice(0, 20)), "a secret was printed");
    }
  });

  it("restarts the reader, which comes back by itself with the same identity", async function () {
    this.timeout(60_000);
    const sim = await Simulation.create({ seed: "reboot" });
    await sim.ready();
    const uid = /node uid: +(\S+)/.exec(await ask(sim, "id"))?.[1];
    assert.ok(uid !== undefined);
    sim.board.serial.write(toUtf8("reboot\r"));
    await sim.until(() => sim.board.boots === 2, 5_000_000);
    await sim.ready();
    assert.match(await ask(sim, "id"), new RegExp(`node uid: +${uid}`));
    assert.match(await ask(sim, "id"), /registration: +exists/);
  });
});
