import assert from "node:assert/strict";
import { carrySealedTap, type SealedTap } from "../../firmware/reader/sealed-tap.ts";
import { SEALED_BEGIN_PATH, SEALED_CONTINUE_PATH } from "../../protocol/badge/endpoints.ts";
import type { SealedAnswer } from "../../protocol/badge/sealed-tap.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import { rejectsCode } from "../protocol/error-code.ts";

const TAP = "11111111-2222-4333-8444-555555555555";
const OTHER_TAP = "11111111-2222-4333-8444-666666666666";
const UID = Uint8Array.of(4, 1, 2, 3, 4, 5, 6);
const AF = Uint8Array.of(0x91, 0xaf);

const command = (step: number, challengeId = TAP): SealedAnswer => {
  return { kind: "command", challengeId, step, command: Uint8Array.of(0x90, 0xaf, 0, 0, step) };
};
const grant = (challengeId = TAP): SealedAnswer => {
  return { kind: "decision", decision: { granted: true, challengeId, relayMs: 3000 } };
};

/** A tap with a server and a chip that do what the test says. */
class Script {
  readonly asked: { readonly path: string; readonly body: JsonObject }[] = [];
  readonly sent: string[] = [];
  readonly answers: SealedAnswer[];
  responses: Uint8Array[] = [];
  holds = 0;
  over = false;
  onAsk = (): void => undefined;

  constructor(...answers: SealedAnswer[]) {
    this.answers = answers;
  }

  run() {
    const tap: SealedTap = {
      card: {
        uid: UID,
        transceive: async (apdu) => {
          assert.equal(this.holds, 1, "nothing is drawn meanwhile");
          this.sent.push(toHex(apdu));
          return this.responses.shift() ?? AF;
        },
      },
      link: {
        profile: "sealed",
        tenantMark: new Uint8Array(3),
        picc: new Uint8Array(16).fill(1),
        cmac: new Uint8Array(8).fill(2),
      },
      challengeId: TAP,
      brush: { hold: () => void this.holds++, release: () => void this.holds-- },
      isOver: () => this.over,
      ask: async (path, body) => {
        assert.equal(this.holds, 0, "the display is drawn while the server works");
        this.asked.push({ path, body });
        this.onAsk();
        return this.answers.shift()!;
      },
    };
    return carrySealedTap(tap);
  }
}

describe("the tap of a sealed badge", () => {
  it("carries the chip's answers to the server and its commands to the chip", async () => {
    const script = new Script(command(1), command(2), grant());
    script.responses = [1, 2, 3].map((n) => Uint8Array.of(n, 0x91, 0xaf));
    const decision = await script.run();
    assert.equal(decision.granted, true);
    assert.deepEqual(script.sent, ["9071000002030000", "90af000001", "90af000002"]);
    assert.deepEqual(
      script.asked.map(({ path, body }) => [path, body["step"], body["response"]]),
      [
        [SEALED_BEGIN_PATH, undefined, "AZGv"],
        [SEALED_CONTINUE_PATH, 1, "ApGv"],
        [SEALED_CONTINUE_PATH, 2, "A5Gv"],
      ],
    );
  });

  it("asks a chip that wants to wait again and nobody else", async () => {
    const script = new Script(grant());
    const delay = Uint8Array.of(0x91, 0xad);
    script.responses = [delay, delay, delay, AF];
    await script.run();
    assert.deepEqual(new Set(script.sent), new Set(["9071000002030000"]));
    assert.deepEqual([script.sent.length, script.asked.length], [4, 1]);
  });

  it("leaves the chip alone once the tap is over", async () => {
    const script = new Script(command(1), grant());
    script.onAsk = () => {
      script.over = true;
    };
    await rejectsCode(script.run(), "cancelled");
    assert.equal(script.sent.length, 1);
  });

  it("obeys no answer of another tap or another step", async () => {
    for (const answer of [command(1, OTHER_TAP), command(2), command(0), grant(OTHER_TAP)])
      await rejectsCode(new Script(answer).run(), "decision-mismatch");
    const late = new Script(command(1), command(1), grant());
    await rejectsCode(late.run(), "decision-mismatch");
    assert.equal(late.sent.length, 2);
  });

  it("ends when a server has more to ask than any tap needs", async () => {
    const endless = Array.from({ length: 10 }, (_, i) => command(i + 1));
    const script = new Script(...endless);
    await rejectsCode(script.run(), "decision-mismatch");
    assert.equal(script.sent.length, 5, "part 1 and four commands");
  });
});
