import assert from "node:assert/strict";
import fc from "fast-check";
import { badgeKeyId } from "../../protocol/badge/key-id.ts";
import { buildBadgeFile, parseBadgeFile } from "../../protocol/badge/link.ts";
import {
  buildSealedFile,
  checkTenantMark,
  parseSealedUrl,
  parseTapFile,
  sealedFileLength,
  sealedTenantMark,
} from "../../protocol/badge/sealed-link.ts";
import { SEALED_FILE_SETTINGS } from "../../protocol/badge/sealed-read.ts";
import {
  checkSealedAnswer,
  parseSealedAnswer,
  parseSealedBegin,
  parseSealedContinue,
  sealedPart1,
  writeSealedBegin,
  writeSealedCommand,
  writeSealedContinue,
} from "../../protocol/badge/sealed-tap.ts";
import { writeBadgeDecision } from "../../protocol/badge/verify.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { encodeFileSettings } from "../../protocol/ntag424/file-settings.ts";
import { throwsCode } from "./error-code.ts";

const TENANT = "3f2b8a52-6d2e-4c65-9a59-0d3c1f6c8a11";
const CHALLENGE = "7d0c2b1e-3f4a-4b5c-8d6e-9f0a1b2c3d4e";
const HOST = "badge.example.org";
const tenantMark = sealedTenantMark(nobleCrypto, TENANT);
const sealed = buildSealedFile({ host: HOST, tenantMark });

/** The file as the chip shows it. */
function shown(picc = "11".repeat(16), cmac = "22".repeat(8)): Uint8Array {
  const file = sealed.file.slice();
  file.set(toUtf8(picc), sealed.piccOffset);
  file.set(toUtf8(cmac), sealed.macOffset);
  return file;
}

describe("a sealed badge's file", () => {
  it("is a link without a payload, at the places that the documents say", () => {
    const n = HOST.length;
    assert.equal(sealed.file.length, 70 + n);
    assert.equal(sealedFileLength(HOST), 70 + n);
    assert.deepEqual([sealed.piccOffset, sealed.macOffset], [19 + n, 54 + n]);
    assert.equal(sealed.macInputOffset, sealed.macOffset);
    assert.match(sealed.url, /^https:\/\/badge\.example\.org\/s\?k=.{4}&e=0{32}&c=0{16}$/);
    assert.equal(fromUtf8(sealed.file.subarray(7 + n, 12 + n), "path"), "/s?k=");
  });

  it("is read back, and told from an open one", () => {
    const link = parseTapFile(shown());
    assert.ok(link.profile === "sealed");
    assert.deepEqual(link.tenantMark, tenantMark);
    assert.equal(toHex(link.picc), "11".repeat(16));
    assert.equal(toHex(link.cmac), "22".repeat(8));
    const keyId = badgeKeyId(nobleCrypto, new Uint8Array(32));
    const open = buildBadgeFile({ host: HOST, keyId, payload: new Uint8Array(114).fill(1) });
    assert.equal(parseTapFile(open.file).profile, "open");
    throwsCode(() => parseBadgeFile(shown()), "badge-not-ours");
    throwsCode(() => parseSealedUrl(open.url), "badge-not-ours");
  });

  it("names its tenant, which is checked before the chip is asked", () => {
    const link = parseSealedUrl(sealed.url);
    checkTenantMark(nobleCrypto, TENANT, link);
    throwsCode(() => checkTenantMark(nobleCrypto, CHALLENGE, link), "tenant-mismatch");
  });

  it("that is damaged anywhere is refused by a code of its own, or says something else", () => {
    const codes = ["badge-not-ours", "ndef-malformed", "sdm-malformed"];
    const whole = shown();
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at]! ^= 0x80;
      try {
        parseTapFile(damaged);
        assert.fail(`byte ${at}`);
      } catch (error) {
        assert.ok(isLatchkeyError(error) && codes.includes(error.code), `byte ${at}: ${error}`);
      }
    }
    for (let length = 0; length < whole.length; length++)
      assert.throws(() => parseTapFile(whole.slice(0, length)), isLatchkeyError);
    throwsCode(() => parseSealedUrl(`${sealed.url}0`), "sdm-malformed");
  });

  it("keeps file 03 for key 3 to read and key 0 to write", () => {
    assert.equal(toHex(encodeFileSettings(SEALED_FILE_SETTINGS)), "03f030");
  });
});

describe("the messages of a sealed tap", () => {
  const begin = {
    challengeId: CHALLENGE,
    badgeUid: Uint8Array.of(4, 1, 2, 3, 4, 5, 6),
    picc: new Uint8Array(16).fill(1),
    cmac: new Uint8Array(8).fill(2),
    response: new Uint8Array(18).fill(3),
  };
  const reader = (body: JsonObject) => new JsonReader(body);

  it("begin with part 1 of the authentication under key 3", () => {
    assert.equal(toHex(sealedPart1()), "9071000002030000");
  });

  it("are read as they were written", () => {
    assert.deepEqual(parseSealedBegin(reader(writeSealedBegin(begin))), begin);
    const { challengeId, badgeUid, response } = begin;
    const next = { challengeId, badgeUid, step: 2, response };
    assert.deepEqual(parseSealedContinue(reader(writeSealedContinue(next))), next);
    const command = { challengeId, step: 1, command: sealedPart1() };
    const answer = parseSealedAnswer(reader(writeSealedCommand(command)));
    assert.deepEqual(answer, { kind: "command", ...command });
    const decision = { granted: false, challengeId, reason: "badge-cloned" } as const;
    const denied = parseSealedAnswer(reader(writeBadgeDecision(decision)));
    assert.deepEqual(denied, { kind: "decision", decision });
  });

  it("are not both a command and a decision", () => {
    const command = writeSealedCommand({ challengeId: CHALLENGE, step: 1, command: sealedPart1() });
    throwsCode(() => parseSealedAnswer(reader({ ...command, granted: true })), "malformed");
  });

  it("of other sizes are malformed", () => {
    const good = writeSealedBegin(begin);
    for (const [field, length] of [
      ["response", 1],
      ["response", 259],
      ["badge_uid", 4],
      ["picc", 15],
      ["cmac", 9],
    ] as const) {
      const body = { ...good, [field]: "A".repeat(Math.ceil((length * 4) / 3)) };
      throwsCode(() => parseSealedBegin(reader(body)), "malformed");
    }
    const { challengeId, badgeUid, response } = begin;
    const next = writeSealedContinue({ challengeId, badgeUid, step: 5, response });
    throwsCode(() => parseSealedContinue(reader(next)), "malformed");
  });

  it("made of anything are malformed and nothing else", () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    const names = ["challenge_id", "badge_uid", "picc", "cmac", "response", "step", "command"];
    const body = fc.dictionary(fc.constantFrom(...names, "granted", "reason"), value);
    fc.assert(
      fc.property(body, (object) => {
        for (const parse of [parseSealedBegin, parseSealedContinue, parseSealedAnswer])
          throwsCode(() => void parse(reader(object as JsonObject)), "malformed");
      }),
      { numRuns: 100 },
    );
  });

  it("belong to one tap and one step", () => {
    const answer = { kind: "command", challengeId: CHALLENGE, step: 1, command: sealedPart1() };
    const command = answer as Parameters<typeof checkSealedAnswer>[0];
    checkSealedAnswer(command, CHALLENGE, 1);
    throwsCode(() => checkSealedAnswer(command, CHALLENGE, 2), "decision-mismatch");
    throwsCode(() => checkSealedAnswer(command, TENANT, 1), "decision-mismatch");
  });
});
