import assert from "node:assert/strict";
import fc from "fast-check";
import { EventStory } from "./event-story.ts";
import { PowerCut, StrictFlash, TEARS } from "./strict-flash.ts";

type Step =
  | { readonly append: "access" | "telemetry"; readonly length: number; readonly times: number }
  | { readonly upload: number; readonly answered: boolean }
  | { readonly prepare: true };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      append: fc.constantFrom("access" as const, "telemetry" as const, "telemetry" as const),
      length: fc.oneof(fc.nat({ max: 120 }), fc.nat({ max: 900 })),
      times: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ upload: fc.integer({ min: 1, max: 40 }), answered: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ prepare: true as const }) },
);

/** Power goes in the `operation`-th write after the step has begun. */
const cut = fc.option(
  fc.record({
    operation: fc.nat({ max: 14 }),
    tear: fc.constantFrom(...TEARS),
    seed: fc.nat(),
  }),
  { freq: 2 },
);

function take(story: EventStory, step: Step): void {
  if ("append" in step) for (let n = 0; n < step.times; n++) story.append(step.append, step.length);
  else if ("upload" in step) story.upload(step.upload, step.answered);
  else story.log.prepare();
}

describe("event log and its model", () => {
  it("agree over random events, uploads, lost answers and power cuts", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 9 }),
        fc.array(fc.tuple(step, cut), { maxLength: 40 }),
        (sectors, steps) => {
          let flash = new StrictFlash(sectors);
          const story = new EventStory(flash);
          for (const [step, cut] of steps) {
            if (cut !== null) flash.cut = { ...cut, operation: flash.operations + cut.operation };
            try {
              take(story, step);
              flash.cut = undefined;
            } catch (error) {
              if (!(error instanceof PowerCut)) throw error;
              flash = flash.restarted();
              story.restart(flash);
            }
          }
          story.finish();
        },
      ),
      { numRuns: 40 },
    );
  });

  it("would notice an event that is missing", () => {
    const flash = new StrictFlash(8);
    const story = new EventStory(flash);
    for (let n = 0; n < 9; n++) story.append("telemetry", 30);
    flash.bytes.fill(0, 3 * 256, 4 * 256);
    assert.throws(() => story.finish(), /went silently/);
  });
});
