import assert from "node:assert/strict";
import {
  DoorContact,
  type DoorContactOptions,
  type DoorSample,
} from "../../hal/sensors/door-contact.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { code } from "./driver-bench.ts";
import { pinBench } from "./pin-bench.ts";

const CONTACT = 6;
const BUTTON = 7;

function bench(options: Partial<DoorContactOptions> = {}) {
  const pinned = pinBench("door");
  const { pins, clock, timer } = pinned;
  const io = boardIo({ pins, buses: [] }).Digital;
  const wire = (pin: number, closed: boolean) =>
    pins.pin(pin).drive("switch", closed ? "low" : "none");
  wire(CONTACT, true);
  wire(BUTTON, false);
  const world = { free: false };
  const events: DoorSample[] = [];
  const door = new DoorContact({
    contact: { io, pin: CONTACT },
    exit: { io, pin: BUTTON },
    ...{ clock, timer, free: () => world.free },
    onSample: (sample) => events.push(sample),
    ...options,
  });
  const open = (isOpen: boolean) => wire(CONTACT, !isOpen);
  const press = (isPressed: boolean) => wire(BUTTON, isPressed);
  return { ...pinned, door, events, world, open, press };
}

const SHUT = { open: false, held: false, exit: false, forced: false };

describe("the door contact", () => {
  it("tells when the door opens and when it shuts, after it has settled", async () => {
    const { door, events, open, pass, world } = bench();
    await pass(1_000);
    assert.deepEqual(door.sample(), SHUT);
    world.free = true;
    open(true);
    await pass(49);
    assert.deepEqual(events, []);
    await pass(1);
    assert.deepEqual(events, [{ ...SHUT, open: true }]);
    await pass(2_000);
    open(false);
    await pass(50);
    assert.deepEqual(door.sample(), { ...SHUT, open: true }, "that it was open is told once");
    assert.deepEqual(door.sample(), SHUT);
    assert.equal(events.length, 2);
  });

  it("takes no bouncing for an opening", async () => {
    const { events, open, pass, door } = bench();
    for (let n = 0; n < 20; n++) {
      open(n % 2 === 0);
      await pass(20);
    }
    await pass(200);
    assert.deepEqual(events, []);
    assert.deepEqual(door.sample(), SHUT);
  });

  it("opened while the lock is shut it was forced, however soon the lock is free after", async () => {
    const { door, open, pass, world } = bench();
    await pass(100);
    open(true);
    await pass(10);
    world.free = true;
    await pass(100);
    assert.equal(door.sample().forced, true);
    assert.equal(door.sample().forced, true, "until it is shut");
    open(false);
    await pass(100);
    door.sample();
    assert.equal(door.sample().forced, false);
  });

  it("a break-in that is over before anybody measured is told all the same", async () => {
    const { door, open, pass } = bench();
    await pass(100);
    open(true);
    await pass(60);
    open(false);
    await pass(60);
    assert.deepEqual(door.sample(), { ...SHUT, open: true, forced: true });
    assert.deepEqual(door.sample(), SHUT);
  });

  it("the button says that an opening is none, for five seconds, and is told itself", async () => {
    const { door, events, open, press, pass } = bench();
    press(true);
    await pass(100);
    press(false);
    assert.deepEqual(events, [{ ...SHUT, exit: true }]);
    assert.deepEqual(door.sample(), { ...SHUT, exit: true });
    await pass(4_800);
    open(true);
    await pass(100);
    assert.deepEqual(door.sample(), { ...SHUT, open: true });
    open(false);
    await pass(100);
    door.sample();
    open(true);
    await pass(100);
    assert.equal(door.sample().forced, true, "5.2 s after the button");
  });

  it("is held once it was open for too long, and no more when it shuts", async () => {
    const { door, events, open, pass, world } = bench({ heldAfterMs: 10_000 });
    world.free = true;
    open(true);
    await pass(9_999);
    assert.equal(door.sample().held, false);
    await pass(1);
    assert.deepEqual(events.at(-1), { ...SHUT, open: true, held: true });
    open(false);
    await pass(100);
    assert.equal(door.sample().held, false);
  });

  it("a door that was open when the node woke up was not forced, and is held in time", async () => {
    const { door, open, pass } = bench();
    door.close();
    const awake = bench({ openWhen: "low", heldAfterMs: 1_000 });
    open(false);
    await awake.pass(100);
    const sample = awake.door.sample();
    assert.deepEqual([sample.open, sample.forced], [true, false]);
    await awake.pass(1_000);
    assert.equal(awake.door.sample().held, true);
    await pass(1);
  });

  it("says nothing of force where nobody knows whether the lock is free", async () => {
    const { clock, timer, pins, pass } = bench();
    const io = boardIo({ pins, buses: [] }).Digital;
    pins.pin(9).drive("switch", "low");
    const door = new DoorContact({ contact: { io, pin: 9 }, clock, timer });
    pins.pin(9).drive("switch", "none");
    await pass(100);
    assert.deepEqual(door.sample(), { open: true, held: false, exit: false });
  });

  it("gives its pins back, also when the second one is taken", async () => {
    const { door, pins, clock, timer, pass, open, events } = bench();
    door.close();
    open(true);
    await pass(1_000);
    assert.deepEqual(events, []);
    const io = boardIo({ pins, buses: [] }).Digital;
    new io({ pin: BUTTON, mode: io.Input });
    const taken = { contact: { io, pin: CONTACT }, exit: { io, pin: BUTTON }, clock, timer };
    assert.throws(() => new DoorContact(taken));
    new DoorContact({ contact: { io, pin: CONTACT }, clock, timer });
    const long = { contact: { io, pin: 10 }, clock, timer, heldAfterMs: -1 };
    assert.throws(() => new DoorContact(long), code("malformed"));
  });
});
