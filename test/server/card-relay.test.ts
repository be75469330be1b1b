import assert from "node:assert/strict";
import type { Card } from "../../host-sim/nfc/card.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { cases, EXHAUSTIVE } from "../support/exhaustive.ts";
import {
  APDUS,
  blankChip,
  failures,
  NEW,
  type Order,
  PROFILES,
  Technician,
  tapAs,
} from "./card-bench.ts";
import { Desk, type TestNode } from "./desk.ts";

/** Whoever carries the APDUs is trusted with nothing: here they are altered on their way. */
for (const profile of PROFILES) {
  describe(`a tampering relay, badge ${profile}`, function () {
    this.timeout(180_000);
    const fresh: Order = { ...NEW, profile };
    const apdus = APDUS[profile].new;
    let desk: Desk;
    let tech: Technician;
    let node: TestNode;
    beforeEach(async () => {
      const unlimited = { burst: 1e6, perSecond: 1e6 };
      desk = new Desk({ limits: { tapsByNode: unlimited, requestsByNode: unlimited } });
      const provisioning = await desk.tenant();
      tech = await Technician.of(desk.service, provisioning.tenantId);
      node = await desk.node(provisioning).boot();
    });
    afterEach(() => desk.close());

    /** One enrolment that is meddled with, then an honest one. Gives the code of the first. */
    async function meddled(what: string, meddle: Partial<Technician>): Promise<string> {
      const chip = blankChip();
      const relay = new Technician(desk.service, tech.tenantId, tech.token);
      const code = await Object.assign(relay, meddle).code(chip, fresh);
      assert.notEqual(code, "internal", what);
      assert.ok(failures(chip) <= 1, `${what}: ${code}`);
      assert.equal((await tech.atServer(chip, fresh)).state, "enrolled", what);
      assert.equal(await tapAs(profile, node, chip), "granted", what);
      assert.ok(
        chip.memory.keys.every(({ version }) => version === 1),
        what,
      );
      return code;
    }

    it("ends with a typed error at every answer that it alters; it goes on from there", async () => {
      const bends: Readonly<Record<string, (response: Uint8Array) => Uint8Array>> = {
        "cut to nothing": () => new Uint8Array(0),
        "cut by one": (response) => response.slice(0, -1),
        "without its status": (response) => response.slice(0, -2),
        "first bit flipped": (response) => flip(response, 0),
        "MAC flipped": (response) => flip(response, Math.max(0, response.length - 3)),
        "status flipped": (response) => flip(response, response.length - 2),
        "a success without data": () => fromHex("9100"),
        longer: (response) => concat(response.slice(0, -2), new Uint8Array(8), response.slice(-2)),
      };
      const codes = new Set<string>();
      for (const { name, bend, at } of everywhere(bends, apdus))
        codes.add(
          await meddled(`${name} at ${at}`, {
            bend: (response, step) => (step === at ? bend(response) : response),
          }),
        );
      const expected = ["card-mac-invalid", "apdu-malformed"];
      // Few of the ways reach the chip's proof: a part of them may miss it.
      if (EXHAUSTIVE) expected.push("card-proof-invalid");
      for (const code of expected) assert.ok(codes.has(code), code);
    });

    it("ends with a typed error at every command that it alters, repeats or swaps", async () => {
      const sent: Uint8Array[] = [];
      const bends: Readonly<Record<string, (apdu: Uint8Array, card: Card) => Uint8Array>> = {
        // The last byte before Le: of a MAC, or of the cryptogram.
        "MAC flipped": (apdu) => flip(apdu, apdu.length - 2),
        "first byte of data flipped": (apdu) => flip(apdu, Math.min(5, apdu.length - 1)),
        // The chip counts one command more than the server.
        repeated: (apdu, card) => {
          card.apdu(apdu);
          return apdu;
        },
        "the one before in its place": (apdu) => sent.at(-2) ?? apdu,
      };
      const codes = new Map<string, number>();
      for (const { name, bend, at } of everywhere(bends, apdus)) {
        const bendCommand = (apdu: Uint8Array, step: number, card: Card) => {
          sent.push(apdu);
          return step === at ? bend(apdu, card) : apdu;
        };
        const code = await meddled(`${name} at ${at}`, { bendCommand });
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
      // Plain commands may be repeated: they change nothing.
      for (const code of ["ok", "card-desync", "card-key-wrong"])
        assert.ok(codes.has(code), `${code} of ${[...codes.keys()]}`);
    });
  });
}

/** Each way of altering at each APDU. */
function everywhere<Bend>(bends: Readonly<Record<string, Bend>>, apdus: number) {
  const all = Object.entries(bends).flatMap(([name, bend]) =>
    Array.from({ length: apdus }, (_, at) => ({ name, bend, at })),
  );
  return cases("altered APDUs", all, 5);
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const out = bytes.slice();
  out[at]! ^= 1;
  return out;
}
