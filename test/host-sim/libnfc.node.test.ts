import assert from "node:assert/strict";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { NfcField } from "../../host-sim/nfc/field.ts";
import { openPn532Uart } from "../../host-sim/node/pn532-uart.ts";
import type { Pn532Behaviour } from "../../host-sim/pn532/behaviour.ts";
import { World } from "../../host-sim/world/world.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LIBNFC_LIMIT_MS, needLibnfc, runLibnfc, watchLibnfc } from "../support/libnfc.ts";
import { fakeCard } from "./pn532-bench.ts";

describe("libnfc against the PN532 model on a serial line", function () {
  this.timeout(2 * LIBNFC_LIMIT_MS);
  this.slow(4000);
  let uart: Awaited<ReturnType<typeof openPn532Uart>> | undefined;
  let field: NfcField;

  before(function () {
    needLibnfc(this);
  });

  afterEach(() => {
    uart?.close();
    uart = undefined;
  });

  async function plugIn(behaviour: Partial<Pn532Behaviour> = {}): Promise<void> {
    const world = new World({ seed: "libnfc", idle: () => nextTurn() });
    field = new NfcField(world);
    uart = await openPn532Uart(world, field, behaviour);
  }

  const run = (program: string, ...args: string[]): Promise<string> =>
    runLibnfc(uart!.path, program, ...args);

  it("recognises the chip", async () => {
    await plugIn();
    const output = await run("nfc-scan-device", "-v");
    assert.match(output, /1 NFC device\(s\) found/);
    assert.match(output, /chip: PN532 v1\.6/);
  });

  it("finds line, ROM and RAM in order", async () => {
    await plugIn();
    const output = await run("pn53x-diagnose");
    for (const test of ["Communication line", "ROM", "RAM"]) {
      assert.match(output, new RegExp(`${test} test: OK`));
    }
  });

  it("lists the card with its ATQA, UID, SAK and ATS", async () => {
    await plugIn();
    field.enter(fakeCard());
    const output = await run("nfc-list");
    assert.match(output, /1 ISO14443A passive target\(s\) found/);
    assert.match(output, /ATQA \(SENS_RES\): 03 44/);
    assert.match(output, /UID \(NFCID1\): 04 51 8d fa a9 61 80/);
    assert.match(output, /SAK \(SEL_RES\): 20/);
    assert.match(output, /ATS: 77 77 71 02 80/);
    // And said to the chip what it was recorded to say to another model.
    const answers = uart!.log.filter(({ from }) => from === "<").map(({ bytes }) => toHex(bytes));
    const ack = "0000ff00ff00";
    assert.deepEqual(answers.slice(0, 8), [
      ack,
      "0000ff02fed5151600",
      ack,
      "0000ff09f7d501006c69626e6663bc00",
      ack,
      "0000ff06fad50332010607e800",
      ack,
      "0000ff02fed5131800",
    ]);
  });

  it("lists two cards, by halting the one and looking for the other", async () => {
    await plugIn();
    field.enter(fakeCard("04518dfaa96180"));
    field.enter(fakeCard("04aabbccddeeff"));
    const output = await run("nfc-list", "-t", "1");
    assert.match(output, /2 ISO14443A passive target\(s\) found/);
    assert.match(output, /UID \(NFCID1\): 04 51 8d fa a9 61 80/);
    assert.match(output, /UID \(NFCID1\): 04 aa bb cc dd ee ff/);
  });

  it("lists nothing when there is nothing, and sleeping in between does no harm", async () => {
    await plugIn();
    assert.doesNotMatch(await run("nfc-list", "-t", "1"), /passive target\(s\) found/);
    await sleep(50); // libnfc leaves at once, the chip falls asleep a millisecond later
    assert.equal(uart!.chip.mode, "power-down");
    field.enter(fakeCard());
    assert.match(await run("nfc-list", "-t", "1"), /1 ISO14443A passive target\(s\) found/);
  });

  it("is led through anticollision, SELECT and RATS bit by bit", async () => {
    await plugIn();
    field.enter(fakeCard());
    const output = await run("nfc-anticol");
    assert.match(output, /Sent bits: 26 \(7 bits\)\s+Received bits: 44 03/);
    assert.match(output, /UID: 04518dfaa96180\s+ATQA: 0344\s+SAK: 20\s+ATS: 06 77 77 71 02 80/);
  });

  it("polls until a card comes and notices when it goes", async () => {
    await plugIn();
    const card = fakeCard();
    // What the program says leads the way, not a clock: the machine may be busy.
    let entered = false;
    let left = false;
    const lead = (output: string): void => {
      if (!entered && output.includes("will poll")) {
        entered = true;
        setTimeout(() => field.enter(card), 300);
      }
      if (!left && output.includes("UID (NFCID1)")) {
        left = true;
        setTimeout(() => field.leave(card), 300);
      }
    };
    const polled = watchLibnfc(lead, uart!.path, "nfc-poll");
    const output = await polled;
    assert.match(output, /UID \(NFCID1\): 04 51 8d fa a9 61 80/);
    assert.match(output, /card removing\.\.\.[\s\S]*done/);
  });
});
