import assert from "node:assert/strict";
import fc from "fast-check";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { uuidFromRandom } from "../../protocol/encoding/uuid.ts";
import { type JsonObject, type JsonReader, parseObject } from "../../protocol/json/reader.ts";
import {
  challengeTranscript,
  parseChallenge,
  parseChallengeRequest,
  writeChallenge,
  writeChallengeRequest,
} from "../../protocol/node/challenge.ts";
import { parseEnvelope, writeEnvelope } from "../../protocol/node/envelope.ts";
import {
  parseRegisterAnswer,
  parseRegisterRequest,
  registerAnswerTranscript,
  registerTranscript,
  writeRegisterAnswer,
  writeRegisterRequest,
} from "../../protocol/node/registration.ts";
import {
  parseTimeAnswer,
  parseTimeRequest,
  timeTranscript,
  writeTimeAnswer,
  writeTimeRequest,
} from "../../protocol/node/time.ts";
import {
  nodeAuthTranscript,
  parseVerifyAnswer,
  parseVerifyRequest,
  writeVerifyAnswer,
  writeVerifyRequest,
} from "../../protocol/node/verify.ts";
import { parses, throwsCode } from "./error-code.ts";

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const uuid = exactly(16).map(uuidFromRandom);
const time = fc.integer({ min: 0, max: 253_402_300_799 });
const line = (maxLength: number) =>
  fc.stringMatching(/^[ -~]+$/, { maxLength }).filter((text) => text.length <= maxLength);
const status = fc.constantFrom("registered", "exists", "pending");

/** A message: what it may hold, how it is written and how it is read. */
interface Kind {
  readonly name: string;
  readonly value: fc.Arbitrary<object>;
  readonly write: (value: never) => JsonObject;
  readonly parse: (body: JsonReader) => object;
}

const registration = {
  tenantId: uuid,
  nodeType: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
  nodePk: exactly(32),
  clientNonce: exactly(16),
};
const kinds: readonly Kind[] = [
  {
    name: "time request",
    value: fc.record({ clientNonce: exactly(16) }),
    write: writeTimeRequest,
    parse: parseTimeRequest,
  },
  {
    name: "time answer",
    value: fc.record({ serverTime: time, serverSig: exactly(64) }),
    write: writeTimeAnswer,
    parse: parseTimeAnswer,
  },
  {
    name: "register request",
    value: fc.record(
      { ...registration, enrolToken: line(128), mac: exactly(32), signature: exactly(64) },
      { requiredKeys: ["tenantId", "nodeType", "nodePk", "clientNonce", "mac", "signature"] },
    ),
    write: writeRegisterRequest,
    parse: parseRegisterRequest,
  },
  {
    name: "register answer",
    value: fc.record({ nodeUid: uuid, status, serverTime: time, serverSig: exactly(64) }),
    write: writeRegisterAnswer,
    parse: parseRegisterAnswer,
  },
  {
    name: "challenge request",
    value: fc.record({ tenantId: uuid, nodeUid: uuid, clientNonce: exactly(16) }),
    write: writeChallengeRequest,
    parse: parseChallengeRequest,
  },
  {
    name: "challenge",
    value: fc.record({
      challengeId: uuid,
      nonce: exactly(32),
      serverEpk: exactly(32),
      serverTime: time,
      expiresIn: fc.integer({ min: 0, max: 60 }),
      serverSig: exactly(64),
    }),
    write: writeChallenge,
    parse: parseChallenge,
  },
  {
    name: "verify request",
    value: fc.record({ challengeId: uuid, nodeEpk: exactly(32), signature: exactly(64) }),
    write: writeVerifyRequest,
    parse: parseVerifyRequest,
  },
  {
    name: "verify answer",
    value: fc.record({
      token: line(200),
      expiresIn: fc.integer({ min: 0, max: 900 }),
      next: fc.array(fc.stringMatching(/^[a-z-]{1,10}$/), { maxLength: 4 }),
    }),
    write: writeVerifyAnswer,
    parse: parseVerifyAnswer,
  },
  {
    name: "envelope",
    value: fc.record({
      sid: uuid,
      seq: fc.integer({ min: 0, max: 0xffff_ffff }),
      ct: fc.uint8Array({ minLength: 16, maxLength: 60 }),
    }),
    write: writeEnvelope,
    parse: parseEnvelope,
  },
];

for (const { name, value, write, parse } of kinds) {
  const wire = (message: object) => JSON.stringify(write(message as never));

  describe(`a ${name}`, () => {
    it("is read as it was written", () => {
      const trip = fc.property(value, (message) => {
        assert.deepEqual({ ...parse(parseObject(wire(message))) }, { ...message });
      });
      fc.assert(trip, { numRuns: 30 });
    });

    it("of which a field is missing or of a wrong kind is refused with the field's name", () => {
      const [message] = fc.sample(value, { numRuns: 1, seed: 5 });
      const written = write(message as never);
      const optional = ["enrol_token", "next"];
      const freeText = ["enrol_token", "token"];
      for (const field of Object.keys(written)) {
        const { [field]: _, ...without } = written;
        if (!optional.includes(field))
          throwsCode(() => parse(parseObject(JSON.stringify(without))), "malformed", field);
        for (const wrong of [null, {}, true, "", "ü", -1, 1e15, ["x"].concat(Array(20).fill(""))]) {
          const changed = parseObject(JSON.stringify({ ...written, [field]: wrong }));
          if (freeText.includes(field) && wrong === "ü") parse(changed);
          else if (field !== "v") throwsCode(() => parse(changed), "malformed", field);
        }
      }
    });

    it("cut short or with a damaged character is read, malformed or of another version", () => {
      const damage = fc.property(value, fc.nat(), fc.nat(255), (message, at, code) => {
        const text = wire(message);
        const position = at % text.length;
        const cut = text.slice(0, position);
        const damaged = cut + String.fromCharCode(code) + text.slice(position + 1);
        const codes = ["malformed", "unsupported-version"] as const;
        for (const input of [cut, damaged]) parses(() => parse(parseObject(input)), ...codes);
      });
      fc.assert(damage, { numRuns: 50 });
    });
  });
}

describe("an envelope of another version", () => {
  it("is refused as such, so that nobody can be talked down", () => {
    const body = { v: 1, sid: "3f2c9a52-7a5b-4c7e-9d1f-0a1b2c3d4e5f", seq: 1, ct: "A".repeat(32) };
    parseEnvelope(parseObject(JSON.stringify(body)));
    for (const v of [0, 2, 255])
      throwsCode(
        () => parseEnvelope(parseObject(JSON.stringify({ ...body, v }))),
        "unsupported-version",
      );
  });
});

describe("work for the node", () => {
  it("is words; what is not a word is left out", () => {
    const answer = {
      token: "t",
      expires_in: 1,
      next: ["update", 5, "Two Words", null, "x".repeat(33), ""],
    };
    assert.deepEqual(parseVerifyAnswer(parseObject(JSON.stringify(answer))).next, ["update"]);
  });
});

describe("limits of messages", () => {
  it("hold for the life of challenges and tokens", () => {
    const change = (kind: Kind, field: string, value: number) => {
      const [message] = fc.sample(kind.value, { numRuns: 1, seed: 5 });
      return () =>
        kind.parse(
          parseObject(JSON.stringify({ ...kind.write(message as never), [field]: value })),
        );
    };
    const named = (name: string) => kinds.find((kind) => kind.name === name)!;
    change(named("challenge"), "expires_in", 60)();
    throwsCode(change(named("challenge"), "expires_in", 61), "malformed", "expires_in");
    change(named("verify answer"), "expires_in", 900)();
    throwsCode(change(named("verify answer"), "expires_in", 901), "malformed", "expires_in");
    throwsCode(change(named("envelope"), "seq", 2 ** 32), "malformed", "seq");
  });
});

describe("what is signed", () => {
  const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
  const id = (fill: number) => uuidFromRandom(bytes(16, fill));
  const node = {
    tenantId: id(1),
    nodeType: "reader",
    nodePk: bytes(32, 2),
    clientNonce: bytes(16, 3),
    enrolToken: "t",
  };
  const answer = { nodeUid: id(4), status: "exists" as const, serverTime: 5 };
  const request = { tenantId: id(1), nodeUid: id(4), clientNonce: bytes(16, 3) };
  const challenge = {
    challengeId: id(6),
    nonce: bytes(32, 7),
    serverEpk: bytes(32, 8),
    serverTime: 5,
    expiresIn: 60,
  };
  const auth = {
    tenantId: id(1),
    nodeUid: id(4),
    challengeId: id(6),
    nonce: bytes(32, 7),
    serverEpk: bytes(32, 8),
    nodeEpk: bytes(32, 9),
    nodePk: bytes(32, 2),
    serverPk: bytes(32, 10),
  };
  const change = (value: string | number | Uint8Array) => {
    if (typeof value === "number") return value + 1;
    return typeof value === "string" ? `${value}x` : value.map((byte) => byte ^ 1);
  };

  /** Every transcript with every one of its fields changed must differ from the original. */
  function covers<T extends object>(name: string, value: T, build: (value: T) => Uint8Array): void {
    it(`in a ${name} covers each of its fields`, () => {
      const original = build(value);
      for (const [field, old] of Object.entries(value)) {
        const changed = build({ ...value, [field]: change(old) });
        assert.equal(equalBytes(changed, original), false, field);
      }
    });
  }
  covers("registration", node, registerTranscript);
  covers("register answer", { ...answer, ...node }, (all) => registerAnswerTranscriptOf(all));
  covers("challenge", { ...request, ...challenge }, (all) => challengeTranscript(all, all));
  covers("node authentication", auth, nodeAuthTranscript);
  covers("time", { clientNonce: bytes(16, 3), serverTime: 5 }, (all) =>
    timeTranscript(all, all.serverTime),
  );

  function registerAnswerTranscriptOf(all: typeof node & typeof answer): Uint8Array {
    // node_type and the token are the server's own knowledge by then; they are covered by the
    // request's signature, to which nonce and key tie the answer.
    const { nodeType, enrolToken } = all;
    return Uint8Array.of(
      ...registerAnswerTranscript(all, all),
      ...registerTranscript({ ...node, nodeType, enrolToken }),
    );
  }

  it("begins with a domain of its own for each purpose", () => {
    const all = [
      registerTranscript(node),
      registerAnswerTranscript(node, answer),
      challengeTranscript(request, challenge),
      nodeAuthTranscript(auth),
      timeTranscript(request, 5),
    ];
    const domains = all.map((bytes) => toHex(bytes.slice(4, 4 + bytes[3]!)));
    assert.equal(new Set(domains).size, domains.length);
  });

  it("changes when two fields of one length change places", () => {
    const swapped = { ...auth, serverEpk: auth.nodeEpk, nodeEpk: auth.serverEpk };
    assert.notDeepEqual(nodeAuthTranscript(swapped), nodeAuthTranscript(auth));
    const turned = { ...auth, nodeUid: auth.tenantId, tenantId: auth.nodeUid };
    assert.notDeepEqual(nodeAuthTranscript(turned), nodeAuthTranscript(auth));
  });

  it("is the same byte for byte as docs/protocol.md says", () => {
    const signed = timeTranscript({ clientNonce: bytes(16, 0xab) }, 1_760_000_000);
    const domain = "000000106c617463686b65792f76312f74696d65"; // latchkey/v1/time
    assert.equal(toHex(signed), `${domain}00000010${"ab".repeat(16)}000000080000000068e77800`);
  });
});
