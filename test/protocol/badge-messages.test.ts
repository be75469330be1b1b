import assert from "node:assert/strict";
import fc from "fast-check";
import {
  parseBadgeChallenge,
  parseBadgeChallengeRequest,
  writeBadgeChallenge,
  writeBadgeChallengeRequest,
} from "../../protocol/badge/challenge.ts";
import {
  parseCheckInAnswer,
  parseCheckInRequest,
  writeCheckInAnswer,
  writeCheckInRequest,
} from "../../protocol/badge/check-in.ts";
import {
  type LocalDenial,
  parseDenialReport,
  REPORTED_DENIALS_MAX,
  writeDenialReport,
} from "../../protocol/badge/denial-report.ts";
import {
  LIST_NODES_MAX,
  parseListNodesAnswer,
  parseListNodesRequest,
  writeListNodesAnswer,
  writeListNodesRequest,
} from "../../protocol/badge/list-nodes.ts";
import {
  parseRegisterBadgeAnswer,
  parseRegisterBadgeRequest,
  writeRegisterBadgeAnswer,
  writeRegisterBadgeRequest,
} from "../../protocol/badge/register-badge.ts";
import {
  type BadgeDecision,
  checkDecision,
  parseBadgeDecision,
  parseVerifyBadgeRequest,
  RELAY_MS_MAX,
  writeBadgeDecision,
  writeVerifyBadgeRequest,
} from "../../protocol/badge/verify.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { type JsonObject, type JsonReader, parseObject } from "../../protocol/json/reader.ts";
import { failsWith, failureOf, filled } from "./nfc-expect.ts";

const tenantId = "11111111-1111-4111-8111-111111111111";
const nodeUid = "22222222-2222-4222-8222-222222222222";
const challengeId = "33333333-3333-4333-8333-333333333333";
const badgeUid = filled(7, 4);

const read = (body: JsonObject): JsonReader => parseObject(JSON.stringify(body));

interface Message {
  readonly name: string;
  readonly parse: (body: JsonReader) => unknown;
  readonly body: JsonObject;
  readonly value: unknown;
  /** Fields that may be absent. */
  readonly optional?: readonly string[];
}

/** What was written, and how it is read again. */
function message<T>(
  name: string,
  write: (value: T) => JsonObject,
  parse: (body: JsonReader) => T,
  value: T,
  optional: readonly string[] = [],
): Message {
  return { name, parse, body: write(value), value, optional };
}

const registration = { tenantId, badgeUid, badgePk: filled(32, 5), holder: "Ada" };
const node = { nodeUid, nodeType: "reader", status: "registered", nodePk: filled(32, 6) } as const;
const health = { uptimeSeconds: 9, firmware: "0.1.0", state: "READY" };
const chipKeys = [1, 2, 3, 4, 5].map((value) => filled(16, value));
const prepared = { badgeUid, host: "a.io", df1: filled(32, 1), chipKeys };
const denials: readonly LocalDenial[] = [
  { number: 1, badgeUid, reason: "mode-mismatch", ageMs: 2_000 },
  { number: 7, reason: "several-badges", ageMs: 0 },
];
const token = { token: "a.b.c", expiresIn: 900 };

const messages: readonly Message[] = [
  message(
    "it_request_challenge, for a badge",
    writeBadgeChallengeRequest,
    parseBadgeChallengeRequest,
    { tenantId, nodeUid, badgeUid },
    ["badge_uid"],
  ),
  message(
    "it_request_challenge, ahead of the tap",
    writeBadgeChallengeRequest,
    parseBadgeChallengeRequest,
    { tenantId, nodeUid },
  ),
  message("the badge challenge", writeBadgeChallenge, parseBadgeChallenge, {
    challengeId,
    nonce: filled(32, 1),
    expiresIn: 60,
  }),
  message("it_verify_badge", writeVerifyBadgeRequest, parseVerifyBadgeRequest, {
    challengeId,
    badgeUid,
    signature: filled(64, 0xff),
    picc: filled(16, 0xfe),
    cmac: filled(8, 0xfd),
  }),
  message<BadgeDecision>(
    "a grant",
    writeBadgeDecision,
    parseBadgeDecision,
    { granted: true, challengeId, relayMs: 3000, holder: "Ada" },
    ["holder"],
  ),
  message<BadgeDecision>("a denial", writeBadgeDecision, parseBadgeDecision, {
    granted: false,
    challengeId,
    reason: "badge-cloned",
  }),
  message(
    "it_node_checkin",
    writeCheckInRequest,
    parseCheckInRequest,
    { ...health, granted: 3, denied: 2, faults: 1, lastError: "bus-stuck" },
    ["last_error"],
  ),
  message(
    "it_node_checkin with denials",
    writeCheckInRequest,
    parseCheckInRequest,
    { ...health, granted: 3, denied: 2, faults: 0, denials: { boot: filled(8, 7), denials } },
    ["denials"],
  ),
  message(
    "the report of denials",
    writeDenialReport,
    parseDenialReport,
    { boot: filled(8, 7), denials },
    [],
  ),
  message(
    "the answer to it_node_checkin",
    writeCheckInAnswer,
    parseCheckInAnswer,
    { ...token, serverTime: 1_800_000_000, next: ["update"], denialsRecorded: 7 },
    ["next", "denials_recorded"],
  ),
  message(
    "it_register_badge for STD",
    writeRegisterBadgeRequest,
    parseRegisterBadgeRequest,
    { ...registration, mode: "STD", label: "blue" },
    ["label"],
  ),
  message("it_register_badge for HS", writeRegisterBadgeRequest, parseRegisterBadgeRequest, {
    ...registration,
    mode: "HS",
    nodeUid,
  }),
  message(
    "the answer to it_register_badge for STD",
    writeRegisterBadgeAnswer,
    parseRegisterBadgeAnswer,
    { ...prepared, mode: "STD" },
  ),
  message(
    "the answer to it_register_badge for HS",
    writeRegisterBadgeAnswer,
    parseRegisterBadgeAnswer,
    { ...prepared, mode: "HS", nodePk: filled(32, 6) },
  ),
  message(
    "it_list_nodes",
    writeListNodesRequest,
    parseListNodesRequest,
    { tenantId, after: nodeUid },
    ["after"],
  ),
  message(
    "the answer to it_list_nodes",
    writeListNodesAnswer,
    parseListNodesAnswer,
    { nodes: [node, { ...node, seenAt: 1_800_000_000 }], after: nodeUid },
    ["after"],
  ),
];

describe("the messages of identity_tag", () => {
  for (const { name, parse, body, value, optional = [] } of messages) {
    it(`${name}: survives writing and reading`, () => {
      assert.deepEqual(parse(read(body)), value);
    });

    it(`${name}: is refused when a field is missing, null or of another type`, () => {
      for (const field of Object.keys(body)) {
        const { [field]: _, ...rest } = body;
        if (!optional.includes(field)) failsWith("malformed", () => parse(read(rest)));
        for (const wrong of [null, {}, -1, 0.5, "\u0000"])
          failsWith("malformed", () => parse(read({ ...body, [field]: wrong })));
      }
    });

    it(`${name}: ignores fields that a newer peer may send`, () => {
      assert.deepEqual(parse(read({ ...body, later: { deep: [1] } })), value);
    });

    it(`${name}: is read or refused with malformed whatever stands in its fields`, () => {
      const noise = fc.dictionary(fc.constantFrom(...Object.keys(body)), fc.jsonValue());
      fc.assert(
        fc.property(noise, (fields) => {
          const code = failureOf(() => parse(read({ ...body, ...(fields as JsonObject) })));
          assert.ok(code === undefined || code === "malformed", code);
        }),
        { numRuns: 25 },
      );
    });
  }

  it("name the field that is wrong", () => {
    try {
      parseVerifyBadgeRequest(read({ challenge_id: challengeId, badge_uid: "AAAA" }));
      assert.fail("it was read");
    } catch (error) {
      assert.ok(isLatchkeyError(error, "malformed"));
      assert.equal(error.detail["field"], "badge_uid");
    }
  });
});

describe("a decision", () => {
  const grant = { challenge_id: challengeId, granted: true, reason: "granted", relay_ms: 3000 };
  const denial = { challenge_id: challengeId, granted: false, reason: "replay", relay_ms: 0 };

  it("that contradicts itself is no decision", () => {
    const contradictions: JsonObject[] = [
      { ...grant, granted: false },
      { ...grant, reason: "badge-cloned" },
      { ...grant, relay_ms: 0 },
      { ...grant, relay_ms: RELAY_MS_MAX + 1 },
      { ...denial, granted: true },
      { ...denial, reason: "granted" },
      { ...denial, relay_ms: 1 },
    ];
    for (const body of contradictions) failsWith("malformed", () => parseBadgeDecision(read(body)));
  });

  it("grants by the boolean true and by nothing else", () => {
    for (const granted of ["true", 1, [true], { granted: true }, null])
      failsWith("malformed", () => parseBadgeDecision(read({ ...grant, granted })));
  });

  it("denies with a code, also with one that this reader does not know", () => {
    const decision = parseBadgeDecision(read({ ...denial, reason: "zone-evacuated" }));
    assert.deepEqual(decision, { granted: false, challengeId, reason: "zone-evacuated" });
    for (const reason of ["No!", "GRANTED", "a b", "-", "x".repeat(41)])
      failsWith("malformed", () => parseBadgeDecision(read({ ...denial, reason })));
  });

  it("of another tap is a decision-mismatch", () => {
    const decision = parseBadgeDecision(read(grant));
    checkDecision(decision, challengeId);
    failsWith("decision-mismatch", () => checkDecision(decision, tenantId));
  });
});

describe("the registration of a badge", () => {
  it("for one reader names it, for all readers names none", () => {
    const std = writeRegisterBadgeRequest({ ...registration, mode: "STD" });
    failsWith("malformed", () => parseRegisterBadgeRequest(read({ ...std, mode: "HS" })));
    failsWith("malformed", () => parseRegisterBadgeRequest(read({ ...std, node_uid: nodeUid })));
    failsWith("malformed", () => parseRegisterBadgeRequest(read({ ...std, mode: "std" })));
  });

  it("is answered with all five keys of the chip", () => {
    for (const count of [0, 4, 6]) {
      const keys = Array.from({ length: count }, () => filled(16, 1));
      const answer = writeRegisterBadgeAnswer({ ...prepared, mode: "STD", chipKeys: keys });
      failsWith("malformed", () => parseRegisterBadgeAnswer(read(answer)));
    }
  });
});

describe("a report of denials", () => {
  const boot = filled(8, 7);
  const numbered = (...numbers: number[]) => {
    const list = numbers.map((number) => ({ number, reason: "badge-not-ours", ageMs: 5 }));
    return read(writeDenialReport({ boot, denials: list }));
  };

  it("has ascending numbers from 1, so that a gap is a count", () => {
    assert.equal(parseDenialReport(numbered(3, 9, 2 ** 32 - 1)).denials.length, 3);
    for (const bad of [[0], [2, 2], [3, 1], [2 ** 32]])
      failsWith("malformed", () => parseDenialReport(numbered(...bad)));
  });

  it("has at least one denial, and is bounded", () => {
    failsWith("malformed", () => parseDenialReport(numbered()));
    const many = Array.from({ length: REPORTED_DENIALS_MAX + 1 }, (_, index) => index + 1);
    failsWith("malformed", () => parseDenialReport(numbered(...many)));
    assert.equal(parseDenialReport(numbered(...many.slice(1))).denials.length, many.length - 1);
  });

  it("takes UIDs of every size that cards have, and reasons that are codes", () => {
    const one = (fields: JsonObject) => {
      const written = writeDenialReport({ boot, denials: [{ ...denials[1]!, number: 1 }] });
      const [first] = written["list"] as readonly JsonObject[];
      return read({ ...written, list: [{ ...first, ...fields }] });
    };
    const uid = (length: number) => ({ badge_uid: "A".repeat(Math.ceil((length * 4) / 3)) });
    for (const length of [4, 7, 10]) parseDenialReport(one(uid(length)));
    for (const length of [0, 3, 11])
      failsWith("malformed", () => parseDenialReport(one(uid(length))));
    for (const reason of ["No", "a b", "", "x".repeat(41)])
      failsWith("malformed", () => parseDenialReport(one({ reason })));
  });
});

describe("the list of nodes", () => {
  it("is bounded", () => {
    const list = (count: number) => writeListNodesAnswer({ nodes: Array(count).fill(node) });
    assert.equal(parseListNodesAnswer(read(list(LIST_NODES_MAX))).nodes.length, LIST_NODES_MAX);
    failsWith("malformed", () => parseListNodesAnswer(read(list(LIST_NODES_MAX + 1))));
  });
});
