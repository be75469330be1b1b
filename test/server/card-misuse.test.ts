import assert from "node:assert/strict";
import type { Card, CardAnswer } from "../../host-sim/nfc/card.ts";
import { snapshotChip } from "../../host-sim/nfc/chip-snapshot.ts";
import { StaticEmulator } from "../../host-sim/nfc/clone.ts";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { writeCardAnswer } from "../../protocol/badge/card-step.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { writeData } from "../../protocol/ntag424/file-data.ts";
import { localKeyHolder } from "../../protocol/ntag424/handshake.ts";
import { Session } from "../../protocol/ntag424/session.ts";
import { createEphemeralService } from "../../server/ephemeral-service.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import {
  blankChip,
  failures,
  isFactoryFresh,
  NEW,
  NEW_SEALED,
  type Order,
  PROFILES,
  Technician,
} from "./card-bench.ts";
import { Desk, nextUid, reasonOf, type TestNode } from "./desk.ts";

/** What the chip keeps, apart from what every read and every attempt changes. */
function lasting(chip: Ntag424): string {
  const { failures: _, files, ...rest } = snapshotChip(chip);
  return JSON.stringify([rest, files.map(({ readCounter: __, ...file }) => file)]);
}

describe("work on a card", function () {
  this.timeout(180_000);
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

  for (const profile of PROFILES) {
    const fresh: Order = { ...NEW, profile };

    it(`tries a wrong key once, says so, and writes nothing (${profile})`, async () => {
      const chip = blankChip();
      chip.memory.keys[0] = { value: new Uint8Array(16).fill(9), version: 0 };
      const before = lasting(chip);
      assert.equal(await tech.code(chip, fresh), "card-key-wrong");
      assert.equal(failures(chip), 1);
      assert.equal(lasting(chip), before);
      const rows = await desk.service.admin.auditRows(tech.tenantId);
      assert.equal(rows.filter(({ kind }) => kind === "card-refused").length, 1);
    });

    it(`tries no key of a chip that somebody else wrote (${profile})`, async () => {
      for (let keyNo = 0; keyNo < 5; keyNo++) {
        const chip = blankChip();
        chip.memory.keys[keyNo] = { value: new Uint8Array(16).fill(9), version: 1 };
        const before = lasting(chip);
        assert.equal(await tech.code(chip, fresh), "card-keys-unknown", `key ${keyNo}`);
        assert.equal(failures(chip), 0);
        assert.equal(lasting(chip), before);
      }
    });

    it(`names a chip that is set to LRP, and leaves it alone (${profile})`, async () => {
      const chip = blankChip();
      chip.memory.configuration.lrp = true;
      const before = lasting(chip);
      assert.equal(await tech.code(chip, fresh), "card-auth-refused");
      assert.equal(lasting(chip), before);
    });
  }

  /** A card that answers by the first rule that fits. */
  class ScriptedCard implements Card {
    readonly uid: Uint8Array;
    readonly atqa = 0x0344;
    readonly sak = 0x20;
    readonly ats = fromHex("067777710280");
    readonly heard: string[] = [];
    readonly #rules: readonly (readonly [RegExp, string])[];
    constructor(uid: Uint8Array, rules: readonly (readonly [RegExp, string])[]) {
      this.uid = uid;
      this.#rules = rules;
    }
    fieldOn(): void {}
    fieldOff(): void {}
    deselect(): void {}
    apdu(command: Uint8Array): CardAnswer {
      const text = toHex(command);
      this.heard.push(text);
      const rule = this.#rules.find(([pattern]) => pattern.test(text));
      return { response: fromHex(rule?.[1] ?? "6d00"), timeUs: 1 };
    }
  }

  it("says which kind of card it is that is none of ours", async () => {
    const uid = nextUid();
    const version = (type: string) => [
      [/^00a404/, "9000"] as const,
      [/^9060/, `${type}91af`] as const,
    ];
    const second = "04010101001805";
    const cards: readonly (readonly [string, Card, RegExp])[] = [
      ["no application", new ScriptedCard(uid, [[/^00a404/, "6a82"]]), /no NDEF application/],
      ["a bank card", new ScriptedCard(uid, [[/^00a404/, "6985"]]), /ISOSelectFile with 6985/],
      ["knows no SELECT", new ScriptedCard(uid, []), /ISOSelectFile with 6d00/],
      ["an emulator", new StaticEmulator(uid, () => new Uint8Array(2)), /not an NTAG 424 DNA/],
      ["a phone", new ScriptedCard(fromHex("08123456"), []), /random UID/],
      ["4 bytes", new ScriptedCard(fromHex("11223344"), []), /UID of 4 bytes/],
      [
        "DESFire",
        new ScriptedCard(uid, [...version("04010101001a05"), [/^90af.*/, `${second}91af`]]),
        /./,
      ],
    ];
    const tries = cards.flatMap((row) => PROFILES.map((profile) => [...row, profile] as const));
    for (const [name, card, message, profile] of tries) {
      await assert.rejects(
        tech.run(card, { ...NEW, profile }),
        (error: Error & { code: string }) => {
          const known = ["card-unsupported", "card-status", "card-protocol"];
          assert.ok(known.includes(error.code), `${name}: ${error.code}`);
          if (name !== "DESFire") assert.equal(error.code, "card-unsupported", name);
          assert.match(error.message, message, name);
          return true;
        },
      );
    }
  });

  it("names a DESFire by its version", async () => {
    const uid = nextUid();
    const frames = ["04010133001a0591af", "04010103001a0591af", `${toHex(uid)}cf5d90451046219100`];
    const card = new ScriptedCard(uid, [[/^00a404/, "9000"]]);
    const answer = card.apdu.bind(card);
    card.apdu = (command) =>
      command[0] === 0x90 ? { response: fromHex(frames.shift()!), timeUs: 1 } : answer(command);
    await assert.rejects(tech.run(card, NEW), { code: "card-unsupported", message: /DESFire/ });
  });

  it("ends for the first of two technicians who hold the same badge", async () => {
    const chip = blankChip();
    const second = await Technician.of(desk.service, tech.tenantId, "second");
    for (let at = 1; at < 35; at += 3) {
      const badge = blankChip();
      tech.onStep = async (step) => {
        if (step === at) await second.run(badge, NEW);
      };
      assert.equal(await tech.code(badge, NEW), "card-run-ended", `${at}`);
      tech.onStep = undefined;
      assert.equal(reasonOf(await node.tap(badge)), "granted");
      assert.equal((await tech.run(badge, NEW)).changed, false);
    }
    // Not even in one process, where nothing but the journal stands between them.
    const { admin } = desk.service;
    const order = { ...NEW, tenantId: tech.tenantId, badgeUid: chip.uid };
    chip.fieldOn();
    let count = 0;
    const first = admin.card(order, async (apdu) => {
      if (++count === 14) {
        await admin.card(order, async (other) => chip.apdu(other).response);
        chip.fieldOn();
      }
      return chip.apdu(apdu).response;
    });
    await assert.rejects(first);
    assert.equal(reasonOf(await node.tap(chip)), "granted");
  });

  it("is closed to the managers of other tenants, at every step", async () => {
    const other = await desk.tenant({ name: "other" });
    const stranger = await Technician.of(desk.service, other.tenantId);
    const chip = blankChip();
    const spy = new Technician(desk.service, tech.tenantId, stranger.token);
    for (const profile of PROFILES)
      assert.equal(await spy.code(chip, { ...NEW, profile }), "tenant-mismatch");
    chip.fieldOn();
    const step = await tech.begin(chip, NEW_SEALED);
    assert.ok(step.kind === "command");
    const { response } = chip.apdu(step.apdu);
    for (const answer of [
      writeCardAnswer({ kind: "response", runId: step.runId, response }),
      writeCardAnswer({ kind: "lost", runId: step.runId }),
    ])
      await assert.rejects(stranger.ask(answer), { code: "card-run-ended" });
    const next = await tech.ask(writeCardAnswer({ kind: "response", runId: step.runId, response }));
    assert.equal(next.kind, "command");
    await tech.run(chip, NEW_SEALED);
    const before = lasting(chip);
    for (const command of ["new", "wipe", "rekey", "lock"] as const) {
      const order = command === "new" ? NEW_SEALED : { command };
      const code = await stranger.code(chip, order);
      assert.ok(["card-keys-unknown", "badge-unknown"].includes(code), `${command}: ${code}`);
    }
    assert.equal(lasting(chip), before);
    assert.equal(failures(chip), 0);
    assert.equal((await stranger.run(chip, { command: "inspect" })).state, "foreign");
  });

  it("asks that what was begun be finished before anything else", async () => {
    const chip = blankChip();
    await tech.run(chip, NEW);
    await tech.code(chip, { command: "rekey" }, { at: 20, when: "after" });
    assert.equal(await tech.code(chip, { command: "wipe" }), "card-unfinished");
    assert.equal(await tech.code(chip, { command: "lock" }), "card-unfinished");
    assert.equal((await tech.run(chip, { command: "inspect" })).state, "unfinished");
    await tech.run(chip, { command: "rekey" });
    assert.equal(await tech.code(chip, { command: "wipe" }), "ok");
    assert.ok(isFactoryFresh(chip));
  });

  it("is over when nobody goes on with it for a minute", async () => {
    const chip = blankChip();
    chip.fieldOn();
    const step = await tech.begin(chip, NEW);
    assert.ok(step.kind === "command");
    desk.nowMs += 61_000;
    const { response } = chip.apdu(step.apdu);
    const late = writeCardAnswer({ kind: "response", runId: step.runId, response });
    await assert.rejects(tech.ask(late), { code: "card-run-ended" });
    assert.equal(await tech.code(chip, NEW), "ok");
  });

  it("gives the tenant's keys and the badge's to nobody", async () => {
    const drawn: Uint8Array[] = [];
    const log: string[] = [];
    const random = new Prng("secrets", "card");
    const service = createEphemeralService({
      clock: { unixMs: () => 1.7e12 },
      random: {
        bytes(length) {
          const bytes = random.bytes(length);
          drawn.push(bytes.slice());
          return bytes;
        },
      },
      log: { write: (...line) => log.push(JSON.stringify(line)) },
    });
    const tenant = await service.admin.createTenant({ name: "t", registration: "auto" });
    const made = drawn.splice(0).filter(({ length }) => length >= 16);
    const worker = await Technician.of(service, tenant.tenantId);
    const chip = blankChip();
    const keys: Uint8Array[] = [];
    for (const order of [NEW, { command: "rekey" }, { command: "lock" }, NEW] as const) {
      const code = await worker.code(chip, order, { at: 25, when: "after" });
      assert.ok(code === "badge-moved" || code === "card-unfinished" || code === "ok", code);
      if (code === "badge-moved") await worker.run(chip, order);
      await worker.code(chip, { command: "inspect" });
      keys.push(...chip.memory.keys.map(({ value }) => value));
    }
    const sent = worker.heard.join("\n") + log.join("\n");
    assert.ok(worker.heard.length > 150 && made.length >= 4);
    const seeds = drawn.filter(({ length }) => length === 32);
    // The payload's own share of its key is on the badge for everybody to read.
    for (const secret of [...made, ...keys, ...seeds.slice(0, 1)])
      for (const text of [toHex(secret), toBase64Url(secret), toBase64(secret)])
        assert.ok(!sent.includes(text), text);
    service.close();
  });
});

describe("a locked badge", () => {
  const locks = PROFILES.flatMap((profile) =>
    [false, true].map((forGood) => ({ profile, forGood })),
  );
  for (const { profile, forGood } of locks) {
    it(`${forGood ? "for good " : ""}takes nothing without a key (${profile})`, async () => {
      const desk = new Desk();
      const { tenantId } = await desk.tenant();
      const tech = await Technician.of(desk.service, tenantId);
      const chip = blankChip();
      await tech.run(chip, { ...NEW, profile });
      await tech.run(chip, { command: "lock", forGood });
      const before = lasting(chip);
      const send = (hex: string) => toHex(chip.apdu(fromHex(hex)).response);
      const select = "00a4040c07d276000085010100";
      const factory = localKeyHolder(
        nodeCrypto,
        new Prng("a", "b"),
        () => new Secret(new Uint8Array(16)),
      );
      const transceive = async (apdu: Uint8Array) => chip.apdu(apdu).response;
      const attempts: string[] = [];
      for (const file of [1, 2, 3]) {
        const id = `e10${2 + file}`;
        for (const offset of ["000000", "0e0000", "7f0000"])
          attempts.push(`908d000008${`0${file}`}${offset}010000ff00`);
        attempts.push(`905f000004${`0${file}`}00eeee00`, `905f000004${`0${file}`}00e0ee00`);
        attempts.push(`905f00000c${`0${file}`}00eeee${"00".repeat(8)}00`);
        attempts.push(
          `00a4000c02${id}`,
          "00d600000100",
          "00d60002020000",
          `00d68${2 + file}000100`,
        );
      }
      for (let key = 0; key < 5; key++) {
        attempts.push(`90c4000012${`0${key}`}${"00".repeat(17)}00`);
        attempts.push(`90c400002a${`0${key}`}${"11".repeat(41)}00`);
      }
      for (const option of ["00", "04", "05", "0a", "0b"])
        attempts.push(`905c000002${option}0200`, `905c00000b${option}${"02".repeat(10)}00`);
      // Raw, after a selection, and in the wake of a failed authentication.
      for (const attempt of attempts) {
        chip.fieldOn();
        const raw = send(attempt);
        send(select);
        const selected = send(attempt);
        chip.fieldOff();
        const refused = (answer: string) => !/(9000|9100)$/.test(answer);
        if (!attempt.startsWith("00a4")) assert.ok(refused(raw) && refused(selected), attempt);
      }
      for (let keyNo = 0; keyNo < 5; keyNo++) {
        chip.fieldOn();
        send(select);
        await assert.rejects(Session.open(transceive, factory, { keyNo }));
        for (const attempt of attempts) send(attempt);
        chip.fieldOff();
      }
      assert.equal(lasting(chip), before);
      // Nor does key 0 write what the door reads, without a change of settings before.
      const own = localKeyHolder(
        nodeCrypto,
        new Prng("a", "b"),
        (keyNo) => new Secret(chip.memory.keys[keyNo]!.value.slice()),
      );
      chip.fieldOn();
      send(select);
      const session = await Session.open(transceive, own, { keyNo: 0 });
      const place =
        profile === "open"
          ? ({ fileNo: 2, offset: 40, mode: "plain" } as const)
          : ({ fileNo: 3, offset: 40, mode: "full" } as const);
      await assert.rejects(writeData(session, place, new Uint8Array(4)), { code: "card-status" });
      assert.equal(lasting(chip), before);
      desk.close();
    });
  }
});
