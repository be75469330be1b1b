import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { PN532 } from "../../hal/pn532/pn532.ts";
import { CardPresence, type PresenceEvent } from "../../hal/pn532/presence.ts";
import { createBadgeChip } from "../../host-sim/nfc/badge-chip.ts";
import { NfcField } from "../../host-sim/nfc/field.ts";
import { openPn532Uart } from "../../host-sim/node/pn532-uart.ts";
import { openPty } from "../../host-sim/node/pty.ts";
import { World } from "../../host-sim/world/world.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { readNdefFile } from "../../protocol/nfc/ntag424-read.ts";
import { openPn532 } from "../../tools/pn532-port.ts";

const NDEF = "0007d1010355016162";
const UID = "04518dfaa96180";

describe("a PN532 at a serial port of this computer", function () {
  this.timeout(60_000);
  this.slow(3000);
  let close: (() => void)[] = [];

  before(function () {
    if (spawnSync("sh", ["-c", "command -v socat"], { stdio: "ignore" }).status === 0) return;
    if (process.env["CI"] === "true") throw new Error("socat not installed");
    console.warn("SKIPPED: no serial port to test with: socat not installed");
    this.skip();
  });

  afterEach(() => {
    for (const end of close.reverse()) end();
    close = [];
  });

  async function plugIn() {
    const world = new World({ seed: "port", idle: () => nextTurn() });
    const field = new NfcField(world);
    const uart = await openPn532Uart(world, field);
    close.push(uart.close);
    const random = world.rng("badge");
    const ndefFile = fromHex(NDEF);
    const badge = createBadgeChip({ uid: fromHex(UID), crypto: nobleCrypto, random, ndefFile });
    return { field, badge, uart };
  }

  it("is woken, lists a badge and reads its file", async () => {
    const { field, badge, uart } = await plugIn();
    field.enter(badge);
    const pn532 = await openPn532(uart.path);
    try {
      assert.equal(pn532.firmware?.version, "1.6");
      const [target] = await pn532.inListPassiveTarget();
      assert.equal(toHex(target!.uid), UID);
      assert.equal(toHex(target!.ats), "067777710280");
      const { file } = await readNdefFile((apdu) => pn532.inDataExchange(1, apdu));
      assert.equal(toHex(file.subarray(0, NDEF.length / 2)), NDEF);
      const whole = await pn532.inDataExchange(1, fromHex("00b0840000"), { expectBytes: 258 });
      assert.equal(whole.length, 258);
    } finally {
      await pn532.close();
    }
  });

  it("can be opened again once it was closed", async () => {
    const { uart } = await plugIn();
    for (let time = 0; time < 3; time++) {
      const pn532 = await openPn532(uart.path);
      assert.deepEqual(await pn532.inListPassiveTarget(), []);
      await pn532.close();
    }
  });

  it("announces a badge that is laid down and taken away", async () => {
    const { field, badge, uart } = await plugIn();
    const pn532 = await openPn532(uart.path);
    const clock = { monotonicMs: () => performance.now() };
    const timer = {
      set: (run: () => void, delayMs: number) => setTimeout(run, delayMs),
      clear: (handle: object | number) => clearTimeout(handle as NodeJS.Timeout),
    };
    const presence = new CardPresence(pn532, { clock, timer });
    try {
      const next = watch(presence);
      field.enter(badge);
      assert.equal(await next(), "present");
      field.leave(badge);
      assert.equal(await next(), "removed");
    } finally {
      await presence.stop();
      await pn532.close();
    }
  });

  it("that is no PN532 is pn532-no-ack, in words; the port is free again", async () => {
    const pty = await openPty();
    close.push(pty.close);
    pty.onData(() => pty.write(fromHex("deadbeef0000ff00")));
    for (let time = 0; time < 2; time++) {
      await assert.rejects(openPn532(pty.path), (error: unknown) => {
        assert.ok(isLatchkeyError(error, "pn532-no-ack"), String(error));
        assert.match(error.message, /no PN532 answers at .*HSU/);
        return true;
      });
    }
  });

  it("that does not exist is port-unavailable", async () => {
    await assert.rejects(openPn532("/dev/no-such-port"), (error: unknown) =>
      isLatchkeyError(error, "port-unavailable"),
    );
  });

  it("that is pulled out ends in a typed error, and closing it still works", async () => {
    const { uart } = await plugIn();
    const pn532: PN532 = await openPn532(uart.path);
    uart.close();
    await assert.rejects(
      (async () => {
        for (let times = 0; times < 10; times++) await pn532.getFirmwareVersion();
      })(),
      (error: unknown) =>
        isLatchkeyError(error, "serial-lost") || isLatchkeyError(error, "pn532-no-ack"),
    );
    await pn532.close();
  });
});

/** The events of a presence watch, one by one. */
function watch(presence: CardPresence): () => Promise<string> {
  const events: PresenceEvent[] = [];
  let wake = (): void => {};
  presence.start((event) => {
    events.push(event);
    wake();
  });
  return async () => {
    while (events.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return events.shift()!.type;
  };
}
