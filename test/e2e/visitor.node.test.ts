import assert from "node:assert/strict";
import decodeQR from "qr/decode.js";
import { isLit } from "../../host-sim/display/bitmap.ts";
import { readQr } from "../../host-sim/display/read-qr.ts";
import { runScenario } from "../../host-sim/node/run-scenario.ts";
import { createWatched } from "../../host-sim/node/watch-simulation.ts";
import type { SimEvent } from "../../host-sim/scenario/events.ts";
import { parseScenario } from "../../host-sim/scenario/parse.ts";
import { readText } from "../house/source.ts";

async function play(text: string): Promise<Extract<SimEvent, { type: "result" }>> {
  const options = {
    ...{ expectText: [], failText: [], speed: Number.POSITIVE_INFINITY },
    signal: new AbortController().signal,
  };
  for await (const event of runScenario(parseScenario(text), options))
    if (event.type === "result") return event;
  return assert.fail("a run ends with its result");
}

const world = (seed: string) =>
  createWatched(
    {
      ...{ seed, reader: { visitors: true } },
      visitors: { bo: { kind: "invited" }, dan: { kind: "called-off" } },
    },
    "npm test -- visitor.node",
  );

/** As a telephone sees it: four pixels for each, and a dark frame around. */
function photograph(picture: Parameters<typeof isLit>[0]) {
  const [scale, bezel] = [4, 12];
  const width = picture.width * scale + 2 * bezel;
  const height = picture.height * scale + 2 * bezel;
  const data = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [px, py] = [Math.floor((x - bezel) / scale), Math.floor((y - bezel) / scale)];
      const at = 4 * (y * width + x);
      data.fill(isLit(picture, px, py) ? 255 : 0, at, at + 3);
      data[at + 3] = 255;
    }
  return { width, height, data };
}

describe("a visitor in front of a simulated reader", function () {
  this.timeout(60_000);

  it("goes as examples/visitor.yaml says, the same way each time", async () => {
    const text = readText("examples/visitor.yaml");
    const first = await play(text);
    assert.equal(first.ok, true, first.message);
    assert.equal((await play(text)).traceHash, first.traceHash);
  });

  it("sees a code that another program's decoder reads off the panel's pixels", async () => {
    const { sim } = await world("pixels");
    await sim.ready();
    const seen = new Set<string>();
    for (let look = 0; look < 3; look++) {
      await sim.until(() => false, 50_000_000);
      const bitmap = sim.board.display!.bitmap();
      const text = decodeQR(photograph(bitmap));
      assert.equal(
        text,
        readQr((x, y) => isLit(bitmap, x, y)),
      );
      assert.match(text, /^HTTPS:\/\/LATCHKEY\.LOCAL\/V\/[0-9A-HJKMNP-TV-Z]{12}$/);
      seen.add(text);
    }
    // A photograph of it is of use for less than a minute.
    assert.equal(seen.size, 3);
  });

  it("comes and goes with badges, and nothing that must hold is broken", async () => {
    const { sim, invariants } = await world("both");
    const rng = sim.world.rng("visits");
    await sim.ready();
    const granted = () => sim.board.relay.windows().length;
    let accepted = 0;
    for (let visit = 0; visit < 24; visit++) {
      await sim.until(() => false, 3_000_000 + rng.int(0, 4_000_000));
      const before = granted();
      const said = await sim.visitors.scan(visit % 3 === 2 ? "dan" : "bo", sim.board.display);
      // Now and then a badge is held there in the same second.
      if (visit % 4 === 1) await sim.tap("alice");
      await sim.until(() => false, 6_000_000);
      if (said === "accepted") {
        accepted++;
        assert.ok(granted() > before, `${visit}: nobody was let in`);
      } else assert.ok(["credential-revoked", "no-code", "challenge-used"].includes(said), said);
    }
    assert.ok(accepted >= 10, `${accepted} of 16`);
    await invariants.settle();
  });
});
