import assert from "node:assert/strict";
import type { EventClass, EventLog, LoggedEvent } from "../../firmware/journal/event-log.ts";
import type { Flash } from "../../firmware/platform.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { ALL, isDrop, open } from "./event-log-kit.ts";

interface Told {
  readonly eventClass: EventClass;
  readonly sequence: number;
  readonly text: string;
}

interface Lost {
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** An event as {@link EventStory.append} made it, and nothing like it if it is damaged. */
function textOf({ eventClass, data }: Pick<LoggedEvent, "eventClass" | "data">): string {
  const number = new DataView(data.buffer, data.byteOffset, 4).getUint32(0, true);
  const whole = data.subarray(4).every((byte) => byte === (number & 0xff));
  return `${eventClass} ${number} ${data.length} ${whole ? "whole" : data}`;
}

/**
 * What happened to a log from its birth on, kept by somebody whom no power cut reaches: what was
 * acknowledged, what was tried, and a server that files events by their number. `check` compares.
 */
export class EventStory {
  log: EventLog;
  #count = 0;
  readonly #acknowledged: Told[] = [];
  readonly #attempted = new Set<string>();
  /** What was ever seen under a number. */
  readonly #seen = new Map<number, string>();
  readonly #server = new Map<number, string>();
  readonly #losses = new Map<number, Lost>();
  /** Events that the server had while the log did not know it: a drop may count them. */
  repeats = 0;

  constructor(flash: Flash) {
    this.log = open(flash);
  }

  /** A story that goes on from here on another copy of the flash. */
  fork(flash: Flash): EventStory {
    const fork = new EventStory(flash);
    fork.#count = this.#count;
    fork.#acknowledged.push(...this.#acknowledged);
    for (const text of this.#attempted) fork.#attempted.add(text);
    for (const [sequence, text] of this.#seen) fork.#seen.set(sequence, text);
    for (const [sequence, text] of this.#server) fork.#server.set(sequence, text);
    for (const [sequence, loss] of this.#losses) fork.#losses.set(sequence, loss);
    fork.repeats = this.repeats;
    return fork;
  }

  /** Every event has a content of its own. */
  append(eventClass: EventClass, length: number): void {
    this.#count++;
    const data = new Uint8Array(Math.max(4, length)).fill(this.#count & 0xff);
    new DataView(data.buffer).setUint32(0, this.#count, true);
    const text = textOf({ eventClass, data });
    this.#attempted.add(text);
    try {
      const sequence = this.log.append(eventClass, data);
      this.#acknowledged.push({ eventClass, sequence, text });
      this.#see(sequence, text);
    } catch (error) {
      if (!isLatchkeyError(error, "storage-full")) throw error;
      this.#attempted.delete(text);
    }
  }

  /** The server stores what is pending; the node hears of it if the answer comes. */
  upload(eventsMax: number, answered = true): void {
    const batch = this.log.pending({ eventsMax, bytesMax: 100_000 });
    for (const event of batch) {
      const text = isDrop(event) ? `lost ${Object.values(event.dropped)}` : textOf(event);
      this.#see(event.sequence, text);
      this.#server.set(event.sequence, text);
      if (isDrop(event)) this.#losses.set(event.sequence, event.dropped);
    }
    if (!answered) this.repeats += batch.length;
    else for (const event of batch) this.log.markUploaded(event.eventClass, event.sequence);
  }

  /** The power is back: what the log then has is what it should. */
  restart(flash: Flash): void {
    this.log = open(flash, 99);
    const numbers = this.check();
    for (const sequence of numbers) if (this.#server.has(sequence)) this.repeats++;
  }

  #see(sequence: number, text: string): void {
    assert.equal(this.#seen.get(sequence) ?? text, text, `number ${sequence} means two things`);
    this.#seen.set(sequence, text);
  }

  /** What is pending is what was written, in order and each once. Gives the numbers. */
  check(): ReadonlySet<number> {
    const pending = this.log.pending(ALL);
    const found = new Set<string>();
    let last = 0;
    let before: EventClass = "access";
    for (const event of pending) {
      if (event.eventClass !== before) last = 0;
      assert.ok(before === "access" || event.eventClass === "telemetry", "access comes first");
      before = event.eventClass;
      assert.ok(event.sequence > last, `${event.sequence} after ${last}`);
      last = event.sequence;
      if (isDrop(event)) continue;
      const text = textOf(event);
      assert.ok(this.#attempted.has(text), "nobody wrote that");
      assert.ok(!found.has(text), "twice");
      found.add(text);
      this.#see(event.sequence, text);
    }
    const numbers = new Set(pending.map(({ sequence }) => sequence));
    for (const { eventClass, sequence } of this.#acknowledged)
      if (eventClass === "access")
        assert.ok(numbers.has(sequence) || this.#server.has(sequence), `access ${sequence}`);
    return numbers;
  }

  /** Uploads what is left: all that was acknowledged is at the server, or was counted as lost. */
  finish(): void {
    this.check();
    // The second time for the record of what was dropped, which the first may have brought about.
    this.upload(ALL.eventsMax);
    this.upload(ALL.eventsMax);
    assert.deepEqual(this.log.pending(ALL), []);
    const contents = [...this.#server.values()].filter((text) => !text.startsWith("lost"));
    assert.equal(new Set(contents).size, contents.length, "one content under two numbers");
    const missing = this.#acknowledged.filter(({ sequence }) => !this.#server.has(sequence));
    const losses = [...this.#losses.values()];
    for (const { eventClass, sequence } of missing) {
      assert.equal(eventClass, "telemetry");
      const told = losses.some(({ first, last }) => first <= sequence && sequence <= last);
      assert.ok(told, `${sequence} went silently`);
    }
    const counted = losses.reduce((sum, { count }) => sum + count, 0);
    assert.ok(counted >= missing.length, `${missing.length} missing, ${counted} counted`);
    const unacknowledged = this.#attempted.size - this.#acknowledged.length;
    const most = missing.length + unacknowledged + this.repeats;
    assert.ok(counted <= most, `${counted} counted, at most ${most} can be missing`);
  }
}
