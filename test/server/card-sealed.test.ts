import assert from "node:assert/strict";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { hkdf } from "../../protocol/crypto/hkdf.ts";
import { toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { createEphemeralService } from "../../server/ephemeral-service.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { cases } from "../support/exhaustive.ts";
import {
  APDUS,
  blankChip,
  everyFault,
  failures,
  isFactoryFresh,
  NEW,
  NEW_SEALED,
  Technician,
  tapAs,
} from "./card-bench.ts";
import { badge, Desk, reasonOf, type TestNode } from "./desk.ts";
import { readSealedLink, sealedBadge, sealedTap } from "./sealed-desk.ts";

const PAYLOAD = 114;
const other = (profile: "open" | "sealed") => (profile === "open" ? "sealed" : "open");

describe("a sealed badge's life", function () {
  this.timeout(60_000);
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
  const stored = (uid: Uint8Array) => desk.service.admin.badge(tech.tenantId, uid);
  const fileOf = (chip: Ntag424) => chip.file(3);

  it("begins with one command, after which the door opens by the dialogue", async () => {
    const chip = blankChip();
    const { state, profile, readCounter } = await tech.run(chip, NEW_SEALED);
    assert.deepEqual([state, profile, readCounter], ["enrolled", "sealed", 1]);
    const registered = await stored(chip.uid);
    assert.deepEqual([registered?.profile, registered?.readCounter], ["sealed", 1]);
    assert.equal(reasonOf(await sealedTap(node, chip)), "granted");
    const { commMode, access } = fileOf(chip);
    assert.deepEqual(
      [commMode, access],
      ["full", { read: 3, write: 0, readWrite: 0xf, change: 0 }],
    );
    assert.equal(failures(chip), 0);
    assert.equal((await tech.run(chip, NEW_SEALED)).changed, false);
    assert.equal(await tech.code(chip, NEW), "conflict", "it is no open one");
    const seen = await tech.run(chip, { command: "inspect" });
    assert.deepEqual([seen.state, seen.profile], ["enrolled", "sealed"]);
    assert.equal(tech.commands.length, 14, "no key is tried");
  });

  it("opens only its own reader in mode HS", async () => {
    const elsewhere = await desk.node(node.provisioning, { name: "other" }).boot();
    const chip = blankChip();
    await tech.run(chip, { ...NEW_SEALED, mode: "HS", nodeUid: node.nodeUid });
    assert.equal(reasonOf(await sealedTap(elsewhere, chip)), "mode-mismatch");
    assert.equal(reasonOf(await sealedTap(node, chip)), "granted");
  });

  it("has its payload only once nobody but the server's keys can read it", async () => {
    const chip = blankChip();
    let stepsWithPayload = 0;
    tech.onStep = () => {
      const { content, access, commMode } = fileOf(chip);
      if (content.every((byte) => byte === 0)) return;
      stepsWithPayload++;
      assert.ok(chip.memory.keys.every(({ version }) => version === 1));
      assert.deepEqual([access.read, access.readWrite, commMode], [3, 0xf, "full"]);
    };
    await tech.run(chip, NEW_SEALED);
    assert.ok(stepsWithPayload >= 6, String(stepsWithPayload));
  });

  it("is locked in both files, and its key 3 still reads", async () => {
    for (const forGood of [false, true]) {
      const chip = blankChip();
      await tech.run(chip, NEW_SEALED);
      await tech.run(chip, { command: "lock", forGood });
      const change = forGood ? 0xf : 0;
      assert.deepEqual(fileOf(chip).access, { read: 3, write: 0xf, readWrite: 0xf, change });
      assert.equal(chip.file(2).access.write, 0xf);
      assert.equal(reasonOf(await sealedTap(node, chip)), "granted");
      await tech.run(chip, { command: "rekey" });
      assert.equal(reasonOf(await sealedTap(node, chip)), "granted");
      if (forGood) assert.equal(await tech.code(chip, { command: "wipe" }), "card-locked");
      else {
        await tech.run(chip, { command: "wipe" });
        assert.ok(isFactoryFresh(chip));
      }
    }
  });

  it("that was issued in the old way is rekeyed, locked and wiped", async () => {
    for (const command of ["rekey", "lock", "wipe"] as const) {
      const chip = await sealedBadge(desk.service, tech.tenantId);
      await tech.run(chip, { command });
      if (command === "wipe") assert.ok(isFactoryFresh(chip));
      else assert.equal(reasonOf(await sealedTap(node, chip)), "granted");
    }
  });

  it("can be made of an open one and the other way round, by wipe and new", async () => {
    const chip = blankChip();
    for (const profile of ["open", "sealed", "open"] as const) {
      await tech.run(chip, { ...NEW, profile });
      assert.equal(await tapAs(profile, node, chip), "granted");
      await tech.run(chip, { command: "wipe" });
      assert.ok(isFactoryFresh(chip));
    }
  });

  for (const first of ["open", "sealed"] as const) {
    const last = other(first);
    it(`begun as ${first} at any APDU ends as ${last} if those are the last words`, async () => {
      for (const fault of cases("badges pulled away", everyFault(APDUS[first].new), 5)) {
        const what = `${fault.at} ${fault.when}`;
        const chip = blankChip();
        await tech.code(chip, { ...NEW, profile: first }, fault);
        await tech.run(chip, { ...NEW, profile: last });
        assert.equal((await stored(chip.uid))?.profile, last, what);
        assert.equal(await tapAs(last, node, chip), "granted", what);
        assert.equal(failures(chip), 0, what);
        // And nothing of the first is left behind.
        const { access, content } = fileOf(chip);
        const isSealed = access.write === 0 && content.some((byte) => byte !== 0);
        assert.equal(isSealed, last === "sealed", what);
        await tech.run(chip, { command: "wipe" });
        assert.ok(isFactoryFresh(chip), what);
      }
    });
  }

  it("begun with one profile, then the other, then the first again, ends so or blank", async () => {
    for (const end of ["new", "wipe"] as const) {
      const chip = blankChip();
      for (const profile of ["open", "sealed", "open", "sealed"] as const) {
        // Key 1 is of the newest set, the others of those before.
        await tech.code(chip, { ...NEW, profile }, { at: 23, when: "after" });
      }
      const order = end === "new" ? NEW : ({ command: "wipe" } as const);
      await tech.run(chip, order);
      if (end === "wipe") assert.ok(isFactoryFresh(chip));
      else assert.equal(await tapAs("open", node, chip), "granted");
      assert.equal(failures(chip), 0);
    }
  });

  it("begun as sealed leaves no message that an open badge of the same chip would pass with", async () => {
    const chip = blankChip();
    // Everything is written but the registration: somebody takes the chip and reads it ahead.
    const at = APDUS.sealed.new - 1;
    await tech.code(chip, NEW_SEALED, { at, when: "after" });
    chip.fieldOn();
    let kept = await readSealedLink(chip);
    for (let read = 0; read < 20; read++) kept = await readSealedLink(chip);
    chip.fieldOff();
    await tech.run(chip, NEW);
    const honest = await node.answer(chip, await node.challenge());
    const { picc, cmac } = kept;
    assert.equal(reasonOf(await node.decide({ ...honest, picc, cmac })), "badge-cloned");
  });

  it("is made of a chip whose file 03 a former owner has opened, and leaves nothing of theirs", async () => {
    for (const profile of ["open", "sealed"] as const) {
      const chip = blankChip();
      const file = fileOf(chip);
      file.access = { read: 0xe, write: 0xe, readWrite: 0xe, change: 0xe };
      file.commMode = "plain";
      file.content.fill(0x55);
      await tech.run(chip, { ...NEW, profile });
      assert.equal(await tapAs(profile, node, chip), "granted");
      assert.ok(
        fileOf(chip)
          .content.slice(PAYLOAD)
          .every((byte) => byte === 0),
      );
      assert.notEqual(fileOf(chip).access.write, 0xe);
      await tech.run(chip, { command: "wipe" });
      assert.ok(isFactoryFresh(chip));
    }
  });

  it("is not made of a chip whose file 03 is closed for ever, on which nothing is written", async () => {
    for (const profile of ["open", "sealed"] as const) {
      const chip = blankChip();
      fileOf(chip).access = { read: 0xe, write: 0xf, readWrite: 0xf, change: 0xf };
      assert.equal(await tech.code(chip, { ...NEW, profile }), "card-locked");
      const writes = tech.commands.filter(([, ins]) => [0xc4, 0x5f, 0x8d].includes(ins!));
      assert.equal(writes.length, 0);
      assert.equal(failures(chip), 0);
    }
  });

  it("is not proved by an open payload in file 03, nor an open one by a sealed payload", async () => {
    const sealed = blankChip();
    const open = blankChip();
    await tech.run(sealed, NEW_SEALED);
    await tech.run(open, NEW);
    // Whoever has key 0 moves the payloads over: base64url in the link, 114 bytes in the file.
    const link = Buffer.from(open.file(2).content);
    const at = link.indexOf("&b=") + 3;
    const ofOpen = Buffer.from(link.toString("latin1", at, at + 152), "base64url");
    const ofSealed = Buffer.from(fileOf(sealed).content.slice(0, PAYLOAD));
    fileOf(sealed).content.set(ofOpen);
    open.file(2).content.set(Buffer.from(ofSealed.toString("base64url")), at);
    assert.equal(await tech.code(sealed, NEW_SEALED), "badge-payload-invalid");
    assert.equal(await tech.code(open, NEW), "badge-payload-invalid");
    assert.notEqual(await tapAs("sealed", node, sealed), "granted");
    await assert.rejects(tapAs("open", node, open), { code: "badge-payload-invalid" });
  });

  it("is not proved by the link of an open one, nor by that of another tenant", async () => {
    const chip = blankChip();
    await tech.run(chip, NEW_SEALED);
    const good = chip.file(2).content.slice();
    const open = await badge(desk.service, tech.tenantId);
    chip.file(2).content.set(open.file(2).content);
    assert.equal(await tech.code(chip, NEW_SEALED), "badge-not-ours");
    const elsewhere = await desk.tenant({ name: "elsewhere" });
    const stranger = await sealedBadge(desk.service, elsewhere.tenantId);
    chip.file(2).content.fill(0).set(stranger.file(2).content);
    assert.equal(await tech.code(chip, NEW_SEALED), "tenant-mismatch");
    chip.file(2).content.set(good);
    assert.equal(await tech.code(chip, NEW_SEALED), "ok");
  });

  it("that lost its key 3 says so after one attempt", async () => {
    const chip = blankChip();
    await tech.run(chip, NEW_SEALED);
    chip.memory.keys[3]!.value.fill(9);
    assert.equal(await tech.code(chip, NEW_SEALED), "card-key-wrong");
    assert.equal(failures(chip), 1);
  });

  it("shows its payload and the server's share to no technician", async () => {
    const drawn: Uint8Array[] = [];
    const random = new Prng("secrets", "sealed card");
    const service = createEphemeralService({
      clock: { unixMs: () => 1.7e12 },
      random: {
        bytes(length) {
          const bytes = random.bytes(length);
          drawn.push(bytes.slice());
          return bytes;
        },
      },
    });
    const { tenantId } = await service.admin.createTenant({ name: "t", registration: "auto" });
    const masters = drawn.splice(0).filter(({ length }) => length === 16);
    const none = new Uint8Array(0);
    const shares = masters.map((master) =>
      hkdf(nodeCrypto, master, none, "latchkey/v1/badge/sealed-share", 32),
    );
    const worker = await Technician.of(service, tenantId);
    const chip = blankChip();
    const seen: string[] = [];
    worker.bend = (response) => {
      seen.push(toHex(response));
      return response;
    };
    for (const order of [NEW_SEALED, { command: "lock" }, { command: "rekey" }] as const) {
      await worker.run(chip, order);
      seen.push(...worker.commands.map(toHex));
    }
    const payload = fileOf(chip).content.slice(0, PAYLOAD);
    const parts = [2, 18, 34, 50, 66, 82, 98].map((start) => payload.slice(start, start + 16));
    const told = [...worker.heard, ...seen].join("\n");
    assert.ok(shares.length >= 2 && seen.length > 200);
    for (const secret of [...parts, ...shares, ...masters])
      for (const text of [toHex(secret), toBase64Url(secret), toBase64(secret)])
        assert.ok(!told.includes(text), text);
    service.close();
  });
});
