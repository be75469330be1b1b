/** What takes too long on XS: long bodies, and many worlds of noise. */
import assert from "node:assert/strict";
import { post, WiredBench } from "./wired-bench.ts";

describe("a wire under load and noise", () => {
  it("carries bodies as long as the protocol's longest, both ways", async () => {
    const bench = new WiredBench();
    await bench.pass(100);
    const longest = "é".repeat(16_000);
    assert.equal((await bench.ask(post(longest, 60_000))).said, `200 ${longest}`);
  });

  it("delivers each request once through noise and losses, or says that it did not", async () => {
    let answered = 0;
    let lost = 0;
    for (let seed = 0; seed < 6; seed++) {
      const bench = new WiredBench({ seed: `noise ${seed}`, baud: 115_200 });
      await bench.pass(200);
      Object.assign(bench.bus.faults, { flip: 0.003 * seed, drop: 0.001 * seed });
      for (let i = 0; i < 4; i++) {
        const body = `${i} ${"z".repeat(900)}`;
        const { said } = await bench.ask(post(body, 30_000));
        if (said === `200 ${body}`) answered++;
        else lost++;
        assert.ok(said === `200 ${body}` || /^network-(failed|down|timeout)$/.test(said), said);
      }
      const ids = bench.carried.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, "a request was carried twice");
      for (const { body } of bench.carried) assert.equal(body.length, 902);
    }
    assert.ok(answered >= 22, `${answered} answered, ${lost} lost`);
  });

  it("survives a neighbour that babbles", async () => {
    const bench = new WiredBench();
    await bench.pass(100);
    const babbler = bench.board();
    const direction = new babbler.direction.io({ pin: 7, mode: babbler.direction.io.Output });
    direction.write(1);
    const uart = new babbler.io({ transmit: 8, receive: 9, baud: 921_600 });
    for (let i = 0; i < 40; i++) {
      uart.write(new Uint8Array(100).fill(i));
      await bench.pass(5);
    }
    assert.ok(bench.bus.stats.collisions > 0);
    direction.write(0);
    uart.close();
    await bench.pass(2_000);
    assert.equal((await bench.ask(post("quiet again"))).said, "200 quiet again");
  });
});
