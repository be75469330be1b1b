import assert from "node:assert/strict";
import { checkDevice, parseRoot } from "../../protocol/human/device.ts";
import { p256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { nodeHuman as crypto } from "../../server/node-p256.ts";
import type { Records } from "../../server/store/records.ts";
import { rejectsCode, throwsCode } from "../protocol/error-code.ts";
import { csrOf, HOUR, lend, NOW, testKey } from "../protocol/human-family.ts";
import { type HumanDesk, humanDesk, Somebody, TENANT } from "./human-desk.ts";
import { RECORD_STORES, type ScratchStore } from "./record-stores.ts";

const DAY = 86_400;
const ALICE = 100;
const BOB = 101;
const lost = (serial: string) => ({ serial, lost: true, by: "desk" });

for (const { name, make } of RECORD_STORES)
  describe(`the registry of people in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    let desk: HumanDesk;
    let alice: Somebody;
    beforeEach(async function () {
      store = await make(this);
      records = await store.open();
      desk = await humanDesk(records);
      alice = await new Somebody(desk, ALICE).enrol();
    });
    afterEach(() => store?.drop());

    const keysOf = async (did: string) => {
      const { verificationMethod } = await desk.registry.resolve(did);
      return (verificationMethod as { publicKeyJwk: unknown }[]).map((one) => one.publicKeyJwk);
    };
    const audit = () => records.auditRows(TENANT, 1000);
    const place = async (index: number) => {
      const entry = { tenantId: TENANT, at: NOW, kind: "issued", data: {} };
      await records.takeStatus(TENANT, { list: 1, index }, entry);
      return { list: 1, index };
    };

    it("resolves an identifier to the keys of live devices, and to nothing that says whose", async () => {
      const [phone, laptop] = [await alice.device(10), await alice.device(11)];
      const bank = await alice.delegate(phone, "bank.example", 20);
      await alice.delegate(laptop, "bank.example", 21);
      const shop = await alice.delegate(phone, "shop.example", 22);
      assert.notEqual(bank, shop);
      const expected = [testKey(20), testKey(21)].map(({ publicKey }) => p256Jwk(publicKey));
      assert.deepEqual(await keysOf(bank), expected);
      assert.deepEqual(await keysOf(shop), [p256Jwk(testKey(22).publicKey)]);
      const said = JSON.stringify(await desk.registry.resolve(bank));
      for (const secret of [alice.rootId, phone.serial, laptop.serial, shop])
        assert.ok(!said.includes(secret));
      await rejectsCode(desk.registry.resolve(alice.did("other.example")), "did-unknown");
      // The same statement again is none; said anew, it changes nothing.
      await rejectsCode(alice.delegate(phone, "bank.example", 20), "replay");
      desk.clock.now += 1;
      await alice.delegate(phone, "bank.example", 20);
      assert.deepEqual(await keysOf(bank), expected);
      desk.clock.now += 31 * DAY;
      assert.deepEqual(await keysOf(bank), []);
    });

    it("revokes a stolen device everywhere at once, without the words, and nothing else", async () => {
      const [phone, laptop] = [await alice.device(10), await alice.device(11)];
      const bank = await alice.delegate(phone, "bank.example", 20);
      const shop = await alice.delegate(phone, "shop.example", 22);
      await alice.delegate(laptop, "bank.example", 21);
      const bind = async (did: string, key: number, index: number) => {
        const bound = { did, holderKey: testKey(key).publicKey };
        await desk.registry.noteCredential(bound, await place(index));
      };
      await bind(bank, 20, 1);
      await bind(bank, 21, 2);
      await bind(shop, 22, 3);
      desk.clock.now += 60;
      const done = await desk.registry.revokeDevice(alice.rootId, lost(phone.serial));
      assert.deepEqual(done, { generation: 1, identifiers: 2, credentials: 2 });
      assert.deepEqual(await keysOf(bank), [p256Jwk(testKey(21).publicKey)]);
      assert.deepEqual(await keysOf(shop), []);
      const { set } = await records.statuses(TENANT, 1);
      assert.deepEqual(
        set,
        [1, 3].map((index) => ({ index, value: 1 })),
      );
      // Its certificate is on the list that the registry signs.
      const evidence = {
        root: parseRoot(
          crypto,
          lend((root) => root.certificate(), ALICE),
          alice.rootId,
        ),
        revoker: alice.revoker!,
        crl: await desk.registry.crl(alice.rootId),
        ...{ crlNumberMin: 2, nowUnix: desk.clock.now },
      };
      checkDevice(crypto, { ...evidence, device: laptop.certificate });
      const stolen = { ...evidence, device: phone.certificate };
      throwsCode(() => checkDevice(crypto, stolen), "certificate-revoked");
      // And it says nothing any more.
      const delegation = await alice.delegation("new.example", testKey(23).publicKey);
      const said = await alice.says(phone, { act: "delegate", delegation });
      await rejectsCode(desk.registry.submit(said), "statement-invalid");
      const again = desk.registry.addDevice(alice.rootId, phone.certificate);
      await rejectsCode(again, "certificate-revoked");
      const twice = desk.registry.revokeDevice(alice.rootId, lost(phone.serial));
      await rejectsCode(twice, "device-unknown");
    });

    it("lets a person recover with the words: same root, next device, next generation", async () => {
      const phone = await alice.device(10);
      const before = await alice.delegate(phone, "bank.example", 20);
      await desk.registry.revokeDevice(alice.rootId, lost(phone.serial));
      const generation = await desk.registry.generation(alice.rootId);
      assert.equal(generation, 1);
      const next = await alice.device(12);
      const after = await alice.delegate(next, "bank.example", 24, generation);
      assert.notEqual(after, before);
      assert.deepEqual(await keysOf(before), []);
      assert.deepEqual(await keysOf(after), [p256Jwk(testKey(24).publicKey)]);
      const asked = { by: "ombudsman", purpose: "test" };
      for (const did of [before, after])
        assert.equal(await desk.registry.lookUp(did, asked), alice.rootId);
      await rejectsCode(alice.enrol(), "conflict");
    });

    it("lets another device of the person revoke, and raises nothing for one given away", async () => {
      const [phone, laptop] = [await alice.device(10), await alice.device(11)];
      const act = { act: "revoke", serial: phone.serial, lost: false } as const;
      await desk.registry.submit(await alice.says(laptop, act));
      assert.equal(await desk.registry.generation(alice.rootId), 0);
      await rejectsCode(desk.registry.submit(await alice.says(phone, act)), "statement-invalid");
    });

    it("believes no statement but a live device's own, for this registry, just now", async () => {
      const phone = await alice.device(10);
      const bob = await new Somebody(desk, BOB).enrol();
      const bobs = await bob.device(13);
      const delegation = await alice.delegation("bank.example", testKey(20).publicKey);
      const act = { act: "delegate", delegation } as const;
      const good = await alice.says(phone, act);
      const [header, payload, signature] = good.split(".") as [string, string, string];
      const elsewhere = "00000000-0000-4000-8000-00000000000b";
      const stranger = new Somebody(desk, 102);
      const late = await alice.says(phone, act);
      for (const [what, text] of Object.entries({
        "another person's device": await alice.says(bobs, act),
        "another person's key": await alice.says({ ...phone, key: bobs.key }, act),
        "a device of another person's account": await bob.says(phone, act),
        "somebody who is not known": await stranger.says(phone, act),
        "for another tenant": await alice.says(phone, act, elsewhere),
        "another payload": `${header}.${bobs.serial}.${signature}`,
        "another signature": `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
        "the delegation alone": delegation,
        nonsense: "x",
        nothing: "",
      }))
        await rejectsCode(desk.registry.submit(text), "statement-invalid").catch((error) => {
          throw new Error(what, { cause: error });
        });
      desk.clock.now += 301;
      await rejectsCode(desk.registry.submit(late), "statement-invalid");
      desk.clock.now -= 301;
      await rejectsCode(desk.registry.resolve(alice.did("bank.example")), "did-unknown");
      await desk.registry.submit(good);
      // One person's identifier is nobody else's, whoever got hold of the statement.
      const stolen = await bob.says(bobs, act);
      await rejectsCode(desk.registry.submit(stolen), "conflict");
    });

    it("makes room for a key once others are over, and keeps those that bear credentials", async () => {
      const phone = await alice.device(10);
      const [first, last] = [20, 84];
      const did = await alice.delegate(phone, "bank.example", first);
      const bound = { did, holderKey: testKey(first).publicKey };
      await desk.registry.noteCredential(bound, await place(1));
      for (let key = first + 1; key < last; key++) await alice.delegate(phone, "bank.example", key);
      await rejectsCode(alice.delegate(phone, "bank.example", last), "registry-full");
      desk.clock.now += 31 * DAY;
      await alice.delegate(phone, "bank.example", last);
      assert.deepEqual(await keysOf(did), [p256Jwk(testKey(last).publicKey)]);
      const order = { serial: phone.serial, lost: true, by: "desk" };
      const { credentials } = await desk.registry.revokeDevice(alice.rootId, order);
      assert.equal(credentials, 1, "the first key's, although its statement was over");
    });

    it("takes only what the root has delegated, and each once", async () => {
      const bob = new Somebody(desk, BOB);
      const token = await desk.registry.invite({ by: "desk", ttlSeconds: 600 });
      const csr = await desk.registry.begin(token);
      assert.deepEqual(await desk.registry.begin(token), csr);
      const validity = { notBefore: NOW - HOUR };
      const other = await csrOf(testKey(30));
      const root = lend((own) => own.certificate(), BOB);
      const by = (person: number, request: Uint8Array) =>
        lend((own) => own.delegateRevocation(request, validity, TENANT), person);
      const enrol = (revoker: Uint8Array) => desk.registry.enrol({ token, root, revoker });
      const otherKey = lend((own) => own.delegateRevocation(other, validity), BOB);
      await rejectsCode(enrol(otherKey), "certificate-untrusted");
      await rejectsCode(enrol(by(ALICE, csr)), "certificate-untrusted");
      const device = lend((own) => own.delegateDevice(csr, "d", validity), BOB);
      await rejectsCode(enrol(device), "certificate-untrusted");
      await rejectsCode(desk.registry.addDevice(bob.rootId, device), "human-unknown");
      await enrol(by(BOB, csr));
      await rejectsCode(enrol(by(BOB, csr)), "invitation-invalid");
      const foreign = lend((own) => own.delegateDevice(other, "d", validity), ALICE);
      const add = (certificate: Uint8Array) => desk.registry.addDevice(bob.rootId, certificate);
      await rejectsCode(add(foreign), "certificate-untrusted");
      await rejectsCode(add(by(BOB, csr)), "certificate-untrusted");
      await rejectsCode(add(root), "certificate-untrusted");
      await rejectsCode(add(new Uint8Array(9)), "certificate-invalid");
      const nobody = desk.registry.crl("ab".repeat(32));
      await rejectsCode(nobody, "human-unknown");
    });

    it("looks up nobody without a row in the audit log, which names nobody either", async () => {
      const phone = await alice.device(10);
      const did = await alice.delegate(phone, "bank.example", 20);
      const asked = { by: "ombudsman", purpose: "case 7" };
      const unknown = alice.did("other.example");
      await rejectsCode(desk.registry.lookUp(unknown, asked), "did-unknown");
      assert.equal(await desk.registry.lookUp(did, asked), alice.rootId);
      await desk.registry.revokeDevice(alice.rootId, lost(phone.serial));
      const rows = await audit();
      const looked = rows.filter(({ kind }) => kind === "human-looked-up");
      assert.equal(looked.length, 2);
      for (const { data } of looked) assert.ok(data.includes('"purpose":"case 7"'), data);
      for (const { data } of rows)
        for (const named of [did, unknown, alice.rootId, phone.serial])
          assert.ok(!data.includes(named), data);
      // No row says of which account an identifier is.
      for (const { data } of rows)
        assert.ok(!(data.includes('"account"') && data.includes('"identifier"')), data);
    });

    it("renews the list of revoked devices before it ends", async () => {
      const first = await desk.registry.crl(alice.rootId);
      assert.deepEqual(await desk.registry.crl(alice.rootId), first);
      desk.clock.now += 2 * DAY;
      const next = await desk.registry.crl(alice.rootId);
      assert.notDeepEqual(next, first);
      assert.deepEqual(await desk.registry.crl(alice.rootId), next);
    });

    it("loses none of the changes that replicas make at the same time", async () => {
      const others = [
        desk,
        await humanDesk(await store.open()),
        await humanDesk(await store.open()),
      ];
      const devices = await Promise.all(
        others.map((other, i) => new Somebody(other, ALICE).device(10 + i)),
      );
      const dids = await Promise.all(
        others.map((other, i) =>
          new Somebody(other, ALICE).delegate(devices[i]!, `v${i}.example`, 20 + i),
        ),
      );
      for (const [i, did] of dids.entries())
        assert.deepEqual(await keysOf(did), [p256Jwk(testKey(20 + i).publicKey)]);
      const done = await desk.registry.revokeDevice(alice.rootId, lost(devices[1]!.serial));
      assert.equal(done.identifiers, 1);
    });
  });
