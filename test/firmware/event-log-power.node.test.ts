import assert from "node:assert/strict";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { type Cut, everyCut, PowerCut, TEARS } from "../../host-sim/flash/tear.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { EventStory } from "./event-story.ts";

const SECTORS = 5;
const PAGE_BYTES = 128;
const SECTOR_BYTES = 8 * PAGE_BYTES;

function flashWith(image: Uint8Array | undefined, name: string): FlashModel {
  const options = {
    sizeBytes: SECTORS * SECTOR_BYTES,
    sectorBytes: SECTOR_BYTES,
    pageBytes: PAGE_BYTES,
  };
  const rng = new Prng("event log", name);
  return new FlashModel({ ...options, rng, ...(image === undefined ? {} : { image }) });
}

/** A log in which telemetry fills all sectors but one of access events. */
function crowded(flash: FlashModel): EventStory {
  const story = new EventStory(flash);
  story.append("access", 20);
  for (let n = 0; n < 24; n++) story.append("telemetry", 60);
  return story;
}

type Deed = (story: EventStory) => void;

/** Each begins in a log that has been filled by {@link crowded}. */
const DEEDS: Readonly<Record<string, Deed>> = Object.freeze({
  "an append": (story: EventStory) => story.append("access", 40),
  "an append of four pages": (story: EventStory) => story.append("access", 400),
  "an append that drops telemetry": (story: EventStory) => {
    for (let n = 0; n < 9; n++) story.append("telemetry", 80);
  },
  "access events that push telemetry out": (story: EventStory) => {
    for (let n = 0; n < 18; n++) story.append("access", 80);
  },
  "marks, a record of what was dropped, a page of marks": (story: EventStory) => {
    for (let n = 0; n < 9; n++) story.append("telemetry", 80);
    for (let n = 0; n < 7; n++) story.upload(6);
  },
  "a sector erased ahead and opened": (story: EventStory) => {
    for (let n = 0; n < 9; n++) {
      story.log.prepare();
      story.append("telemetry", 30);
    }
  },
});

function survives(story: EventStory, flash: FlashModel, deed: Deed, cut: Cut): boolean {
  flash.cutAt(cut.operation, cut.tear);
  try {
    deed(story);
    return true;
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
    return false;
  } finally {
    flash.powerOn();
  }
}

function operationsOf(image: Uint8Array, base: EventStory, deed: Deed): number {
  const flash = flashWith(image, "dry");
  deed(base.fork(flash));
  return flash.operations;
}

describe("event log, when the power goes", () => {
  for (const [name, deed] of Object.entries(DEEDS)) {
    it(`loses, repeats and confuses nothing in ${name}, wherever it is cut, twice`, () => {
      const first = flashWith(undefined, "base");
      const base = crowded(first);
      const image = first.image();
      const operations = operationsOf(image, base, deed);
      assert.ok(operations > 0);
      for (const cut of everyCut(operations)) {
        const label = `${cut.tear} ${cut.operation}`;
        const flash = flashWith(image, label);
        const story = base.fork(flash);
        assert.ok(!survives(story, flash, deed, cut), label);
        story.restart(flash);
        // The next attempt is cut as well, in one of its first operations.
        const tear = TEARS[(cut.operation + 1) % TEARS.length]!;
        survives(story, flash, deed, { operation: 1 + (cut.operation % 3), tear });
        story.restart(flash);
        deed(story);
        story.finish();
      }
    });
  }

  it("writes nothing while it mounts", () => {
    const flash = flashWith(undefined, "mount");
    const story = crowded(flash);
    const { operations } = flash;
    story.restart(flash);
    assert.equal(flash.operations, operations);
  });
});
