import type { InvariantName } from "../../host-sim/invariants/violation.ts";
import type { Edit } from "./mutant.ts";

export interface PlantedBug {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** What it breaks; any of them is a find. */
  readonly breaks: readonly InvariantName[];
}

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

/** A server that remembers its last grant and gives it again instead of a denial. */
export const CONFUSED_SERVER: Edit = edit(
  "server/handlers/verify-badge.ts",
  "  const answer = writeBadgeDecision(await decideTap(context, node, request));",
  `  const decision = await decideTap(context, node, request);
  const keeper = context as { lastGrant?: typeof decision };
  if (decision.granted) keeper.lastGrant = decision;
  const answer = writeBadgeDecision(keeper.lastGrant ?? decision);`,
);

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "nonces used again across sessions",
    edits: [
      edit(
        "protocol/node/session-keys.ts",
        "const ikm = concat(shared, commKey);\n  const salt = crypto.sha256(authTranscript);",
        "const ikm = concat(commKey, commKey);\n  const salt = crypto.sha256(commKey);",
      ),
    ],
    breaks: ["nonce-once", "sequence-once"],
  },
  {
    name: "unlocked before the decision is there",
    edits: [
      edit(
        "firmware/reader/tap-transitions.ts",
        '      { type: "verify", tapId: tap.id, challengeId: held.id },',
        `      { type: "energise", durationMs: 3000 },
      { type: "verify", tapId: tap.id, challengeId: held.id },`,
      ),
    ],
    breaks: ["relay-needs-grant"],
  },
  {
    name: "the decision about another challenge accepted",
    edits: [
      CONFUSED_SERVER,
      edit(
        "firmware/reader/tap-transitions.ts",
        "decision.challengeId !== tap.challenge.id",
        "decision.challengeId === undefined",
      ),
    ],
    breaks: ["relay-needs-grant"],
  },
  {
    name: "the relay's timer lost",
    edits: [
      edit(
        "hal/relay.ts",
        "this.#timer = timer.set(() => this.release(), lengthMs);",
        "this.#timer = timer.set(() => undefined, lengthMs);",
      ),
    ],
    breaks: ["relay-outlives-grant"],
  },
  {
    name: "old values given up before the new copies are whole",
    edits: [
      edit(
        "firmware/journal/journal.ts",
        "    const [record, at] = this.#log.append(TYPE_VALUE, name, value, freed);\n" +
          "    this.#index.found(record, at);",
        `    const all = this.keys().map((other) => [other, this.get(other)!] as const);
    for (const { at } of this.#index.entries.values()) if (at !== undefined) this.#log.wipe(at);
    for (const [other, old] of [[key, value] as const, ...all]) {
      if (other === key && old !== value) continue;
      const [moved, to] = this.#log.append(TYPE_VALUE, toUtf8(other), old, freed);
      this.#index.found(moved, to);
    }`,
      ),
      edit(
        "firmware/journal/sector-log.ts",
        "  /** Makes room for one more record",
        `  wipe({ sector, page }: LogPosition): void {
    this.#sectors.program(sector, page, new Uint8Array(this.#sectors.pageBytes));
  }

  /** Makes room for one more record`,
      ),
    ],
    breaks: ["one-key", "liveness"],
  },
  {
    name: "the SDM counter compared with >= instead of >",
    edits: [
      edit(
        "server/store/decision-rule.ts",
        "counted.readCounter > seen",
        "counted.readCounter >= seen",
      ),
    ],
    breaks: ["counter-rises"],
  },
  {
    name: "a badge challenge not used up by a wrong answer",
    edits: [
      edit(
        "server/decision.ts",
        '    return refuse("signature-invalid");',
        `    return context.ephemera
      .putChallenge(challenge, 8)
      .then(() => refuse("signature-invalid"));`,
      ),
    ],
    breaks: ["challenge-once"],
  },
  {
    name: "a node challenge not used up by a wrong answer",
    edits: [
      edit(
        "server/handlers/verify-node.ts",
        "  const transcript = checkNodeAuth(crypto, auth, signature);",
        `  let transcript: Uint8Array;
  try {
    transcript = checkNodeAuth(crypto, auth, signature);
  } catch (error) {
    await context.ephemera.putChallenge(challenge, 8);
    throw error;
  }`,
      ),
    ],
    breaks: ["challenge-once"],
  },
  {
    name: "GRANTED on the screen without the relay",
    edits: [
      edit(
        "firmware/reader/tap-transitions.ts",
        '[{ type: "energise", durationMs }], at, policy)',
        "[].slice(durationMs), at, policy)",
      ),
    ],
    breaks: ["screen-disagrees"],
  },
  {
    name: "the PN532's status byte ignored",
    edits: [
      edit(
        "hal/pn532/data-exchange.ts",
        "  if ((status & STATUS_ERROR_MASK) !== 0) throw statusError(status, command);\n",
        "",
      ),
    ],
    breaks: ["denial-honest"],
  },
  {
    name: "AND for OR in the display's page address",
    edits: [edit("hal/ssd1306.ts", "[0x22, page, page,", "[0x22, page & 0x06, page,")],
    breaks: ["screen-disagrees"],
  },
  {
    name: "a secret in a line of the log",
    edits: [
      edit(
        "protocol/node/node-key.ts",
        '    throw new LatchkeyError("storage-corrupt", { detail: { key: NODE_KEY_NAME } });\n  const bytes',
        '    throw new LatchkeyError("storage-corrupt");\n  const bytes',
      ),
      edit(
        "firmware/reader/reader.ts",
        "{ reason: system.bootReason, version: system.version }",
        "{ reason: system.bootReason, key: config.commKey.bytes.join() }",
      ),
    ],
    breaks: ["secret-told"],
  },
  {
    name: "a loop that blocks for 80 ms",
    edits: [
      edit(
        "firmware/reader/lights.ts",
        '    if (feedback === "busy") this.#buzzer?.play("tap");',
        `    if (feedback === "denied") this.clock.wait(80);
    if (feedback === "busy") this.#buzzer?.play("tap");`,
      ),
      edit(
        "firmware/reader/lights.ts",
        "  show(feedback: Feedback): void {",
        `  clock = { now: () => 0, wait(ms: number) {
    for (const end = this.now() + ms; this.now() < end; );
  } };

  show(feedback: Feedback): void {`,
      ),
      edit(
        "firmware/reader/hardware.ts",
        "  const display = createDisplay(platform, config);",
        `  lights.clock.now = () => clock.monotonicMs();
  const display = createDisplay(platform, config);`,
      ),
    ],
    breaks: ["turn-too-long"],
  },
  {
    name: "every fortieth event dropped",
    edits: [
      edit(
        "firmware/reader/engine.ts",
        "    this.#queue.push(event);\n",
        "    if (++this.handled % 40 === 0) return;\n    this.#queue.push(event);\n",
      ),
      edit("firmware/reader/engine.ts", "  faults = 0;\n", "  faults = 0;\n  handled = 0;\n"),
    ],
    // When it is a tap's failure that gets lost, the tap ends with its time limit's reason.
    breaks: ["liveness", "screen-disagrees", "denial-honest"],
  },
  {
    name: "an answer dropped that came while nobody waited",
    edits: [
      edit(
        "firmware/reader/transition.ts",
        '    case "badge-challenge":\n      return',
        '    case "badge-challenge":\n      if (state.stage === "granted") return stay(state);\n      return',
      ),
    ],
    breaks: ["liveness"],
  },
];
