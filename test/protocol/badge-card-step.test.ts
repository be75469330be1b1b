import assert from "node:assert/strict";
import {
  type CardStart,
  type CardStep,
  parseCardRequest,
  parseCardStep,
  writeCardAnswer,
  writeCardStart,
  writeCardStep,
} from "../../protocol/badge/card-step.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { diversifyChipKey } from "../../protocol/nfc/an10922.ts";

const TENANT = "3f2a1c4e-0b1d-4c2e-8f3a-1b2c3d4e5f60";
const RUN = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
const UID = Uint8Array.of(4, 1, 2, 3, 4, 5, 6);
const start = { kind: "start", tenantId: TENANT, badgeUid: UID } as const;

describe("work on a card, as messages", () => {
  it("begins as it was written", () => {
    const starts: readonly CardStart[] = [
      { ...start, command: "new", mode: "STD", holder: "Ada", label: "7" },
      { ...start, command: "new", mode: "HS", holder: "Ada", nodeUid: RUN },
      { ...start, command: "new", mode: "STD", profile: "sealed", holder: "Ada" },
      { ...start, command: "lock", forGood: true },
      { ...start, command: "rekey" },
      { ...start, command: "wipe", badgeUid: UID.subarray(0, 4) },
      { ...start, command: "inspect" },
    ];
    for (const each of starts)
      assert.deepEqual(parseCardRequest(new JsonReader(writeCardStart(each))), each);
  });

  it("goes on with what the card says, however little, or with its loss", () => {
    for (const response of [new Uint8Array(0), Uint8Array.of(0x90, 0), new Uint8Array(258)]) {
      const answer = { kind: "response", runId: RUN, response } as const;
      assert.deepEqual(parseCardRequest(new JsonReader(writeCardAnswer(answer))), answer);
    }
    const lost = { kind: "lost", runId: RUN } as const;
    assert.deepEqual(parseCardRequest(new JsonReader(writeCardAnswer(lost))), lost);
  });

  it("ends as it was written", () => {
    const findings = [["state", "blank"] as const, ["link", ""] as const];
    const outcome = { badgeUid: UID, state: "enrolled", changed: true, mode: "STD" } as const;
    const told = {
      profile: "sealed",
      holder: "Ada",
      lock: "locked",
      keyGeneration: 2,
      readCounter: 1,
    } as const;
    const steps: readonly CardStep[] = [
      { kind: "command", runId: RUN, apdu: Uint8Array.of(0x90, 0x60, 0, 0, 0) },
      { kind: "done", outcome: { badgeUid: UID, state: "blank", changed: false } },
      { kind: "done", outcome: { ...outcome, ...told, findings } },
    ];
    for (const step of steps)
      assert.deepEqual(parseCardStep(new JsonReader(writeCardStep(step))), step);
  });

  it("is malformed in any other form", () => {
    const good = writeCardStart({ ...start, command: "new", mode: "STD", holder: "Ada" });
    const bad: readonly JsonObject[] = [
      {},
      { ...good, command: "format" },
      { ...good, badge_uid: "AAAA" },
      { ...good, mode: "XY" },
      { ...good, mode: "HS" },
      { ...good, node_uid: RUN },
      { ...good, profile: "shut" },
      { ...good, holder: "" },
      { ...good, tenant_id: "1" },
      { run_id: "1", response: "" },
      { run_id: RUN },
      { run_id: RUN, response: 5 },
    ];
    for (const body of bad)
      assert.throws(
        () => parseCardRequest(new JsonReader(body)),
        (error) => isLatchkeyError(error, "malformed"),
        JSON.stringify(body),
      );
    for (const body of [{}, { run_id: RUN, apdu: "AA" }, { done: true, state: "x" }])
      assert.throws(
        () => parseCardStep(new JsonReader(body)),
        (error) => isLatchkeyError(error, "malformed"),
      );
  });
});

describe("the sets of keys of one chip", () => {
  it("have no key in common, and the first is as it always was", () => {
    const master = new Uint8Array(16).fill(3);
    const keys = new Set<string>();
    for (const generation of [1, 2, 3, 255, 256, 0xffff])
      for (let keyNo = 0; keyNo < 5; keyNo++)
        keys.add(toHex(diversifyChipKey(nobleCrypto, master, UID, keyNo, generation)));
    assert.equal(keys.size, 30);
    const first = diversifyChipKey(nobleCrypto, master, UID, 2);
    assert.deepEqual(diversifyChipKey(nobleCrypto, master, UID, 2, 1), first);
    for (const generation of [0, -1, 1.5, 0x10000])
      assert.throws(() => diversifyChipKey(nobleCrypto, master, UID, 2, generation), RangeError);
  });
});
