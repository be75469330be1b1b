import assert from "node:assert/strict";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { REGISTER_PATH, ROTATE_KEY_PATH, VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import { NEXT_KEY_NAME, NODE_KEY_NAME } from "../../protocol/node/node-key.ts";
import { signRotation, writeRotationRequest } from "../../protocol/node/rotation.ts";
import type { HttpClient, HttpResponse, Storage } from "../../protocol/platform.ts";
import type { Provisioning } from "../../server/admin.ts";
import { REVOKE_NODE_PATH, ROTATE_NODE_PATH } from "../../server/api/management-paths.ts";
import { badge, Desk, inProcess, MapStorage, type TestNode, type TestNodeOptions } from "./desk.ts";

const REPORT = { uptime_s: 1, firmware: "1", state: "READY", granted: 0, denied: 0, faults: 0 };

describe("a node that is to take another key", () => {
  let desk: Desk;
  let tenant: Provisioning;
  let storage: MapStorage;
  let nodeUid: string;
  let oldSeed: Uint8Array;

  beforeEach(async () => {
    desk = new Desk();
    tenant = await desk.tenant();
    storage = new MapStorage();
    nodeUid = (await start().boot()).nodeUid;
    oldSeed = storage.get(NODE_KEY_NAME)!;
  });
  afterEach(() => desk.close());

  /** The node, switched on with what its flash holds. */
  const start = (options: TestNodeOptions = {}): TestNode =>
    // Of a name come its random numbers: no two starts draw the same.
    desk.node(tenant, { storage, name: `start ${++starts}`, ...options });
  let starts = 0;
  const ask = (path: string, body: object = {}) =>
    desk.service.admin.ask(path, { tenant_id: tenant.tenantId, node_uid: nodeUid, ...body });
  const stored = async () => {
    const nodes = await desk.service.admin.nodes(tenant.tenantId);
    return nodes.find((node) => node.nodeUid === nodeUid)!;
  };
  const seedOf = (name: string): string | undefined => {
    const seed = storage.get(name);
    return seed && toHex(seed);
  };
  const oldPk = () => nobleCrypto.ed25519PublicKey(oldSeed);

  /** What must hold once all is over: one node, one key on both sides, and the door opens. */
  async function settled(node: TestNode, isRotated: boolean): Promise<void> {
    const { nodeUid: uid } = await node.identity.ensureRegistered();
    await node.identity.checkIn(REPORT);
    assert.equal(uid, nodeUid);
    const own = nobleCrypto.ed25519PublicKey(storage.get(NODE_KEY_NAME)!);
    assert.deepEqual((await stored()).nodePk, own);
    assert.equal(toHex(own) !== toHex(oldPk()), isRotated);
    assert.equal((await desk.service.admin.nodes(tenant.tenantId)).length, 1);
    await node.boot();
    assert.equal((await node.tap(await badge(desk.service, tenant.tenantId))).granted, true);
  }

  it("does so at its next check-in, keeps its UID, and opens doors as before", async () => {
    const node = await start().boot();
    await ask(ROTATE_NODE_PATH);
    await node.identity.checkIn(REPORT);
    assert.equal(seedOf(NEXT_KEY_NAME), undefined);
    await settled(node, true);
    await settled(start(), true);
    const rows = (await desk.service.admin.auditRows(tenant.tenantId)).map(({ kind, data }) => [
      kind,
      JSON.parse(data),
    ]);
    const rotated = rows.find(([kind]) => kind === "node-key-rotated")?.[1];
    assert.deepEqual(rotated, {
      node_uid: nodeUid,
      old_pk: toHex(oldPk()),
      new_pk: toHex((await stored()).nodePk),
    });
    const wanted = rows.find(([kind]) => kind === "node-rotation-wanted")?.[1];
    assert.deepEqual(wanted, { node_uid: nodeUid, by: "local" });
  });

  it("does so once: the next check-in asks for nothing more", async () => {
    const node = await start().boot();
    await ask(ROTATE_NODE_PATH);
    await node.identity.checkIn(REPORT);
    const after = seedOf(NODE_KEY_NAME);
    await node.identity.checkIn(REPORT);
    assert.equal(seedOf(NODE_KEY_NAME), after);
    assert.equal((await stored()).rotationWanted, false);
  });

  it("leaves its old key worthless: it opens no session, and comes in under no policy", async () => {
    const node = await start().boot();
    await ask(ROTATE_NODE_PATH);
    await node.identity.checkIn(REPORT);
    const thief = new MapStorage();
    thief.set(NODE_KEY_NAME, oldSeed);
    for (const policy of ["auto", "approve"] as const) {
      await desk.service.admin.setRegistration(tenant.tenantId, policy);
      await assert.rejects(start({ storage: thief }).boot(), { code: "node-exists" });
    }
    assert.equal((await desk.service.admin.nodes(tenant.tenantId)).length, 1);
  });

  it("ends the sessions of the old key, of whomever they are", async () => {
    const copy = new MapStorage();
    copy.set(NODE_KEY_NAME, oldSeed);
    const thief = await start({ storage: copy }).boot();
    const node = await start().boot();
    await ask(ROTATE_NODE_PATH);
    await node.identity.checkIn(REPORT);
    await assert.rejects(thief.identity.checkIn(REPORT), { code: "node-exists" });
  });

  /** Goes over the wire, with one answer or request to the path lost. */
  function losing(what: "request" | "answer", path = ROTATE_KEY_PATH): HttpClient {
    const through = inProcess(desk.service);
    let lost = false;
    return {
      async request(request): Promise<HttpResponse> {
        const isIt = !lost && request.url.endsWith(path);
        if (isIt) lost = true;
        if (isIt && what === "request") throw new LatchkeyError("network-failed");
        const answer = await through.request(request);
        if (isIt) throw new LatchkeyError("network-failed");
        return answer;
      },
    };
  }

  for (const what of ["request", "answer"] as const) {
    it(`finds back when the ${what} was lost, without a restart and with one`, async () => {
      for (const restarts of [false, true]) {
        const node = await start({ http: losing(what) }).boot();
        oldSeed = storage.get(NODE_KEY_NAME)!;
        await ask(ROTATE_NODE_PATH);
        await node.identity.checkIn(REPORT);
        assert.notEqual(seedOf(NEXT_KEY_NAME), undefined);
        await settled(restarts ? await start().boot() : node, true);
      }
    });
  }

  it("finds back from a power cut at every write of its flash", async () => {
    const names: string[] = [];
    for (let cut = 0; cut < 20; cut++) {
      let operation = 0;
      const failing: Storage = {
        get: (name) => storage.get(name),
        set(name, value) {
          // Before the write and after it: a cut comes at either side.
          if (operation++ === cut) throw new LatchkeyError("storage-failed");
          storage.set(name, value);
          if (operation++ === cut) throw new LatchkeyError("storage-failed");
          if (cut === 0) names.push(name);
        },
        delete(name) {
          if (operation++ === cut) throw new LatchkeyError("storage-failed");
          storage.delete(name);
        },
      };
      oldSeed = storage.get(NODE_KEY_NAME)!;
      const node = await start({ storage: failing }).boot();
      await ask(ROTATE_NODE_PATH);
      await node.identity.checkIn(REPORT);
      node.identity.close();
      const again = await start().boot();
      await again.identity.checkIn(REPORT);
      await settled(again, true);
    }
  });

  it("is not talked into its next key by a stranger in the network", async () => {
    const through = inProcess(desk.service);
    const body = JSON.stringify({ type: "x", title: "x", status: 409, code: "node-exists" });
    const forged = body.replace("node-exists", "signature-invalid");
    const lies = new Map<string, string>();
    const liar: HttpClient = {
      async request(request) {
        if (request.url.endsWith(ROTATE_KEY_PATH)) throw new LatchkeyError("network-failed");
        const path = request.url.slice(request.url.indexOf("identity_"));
        const lie = lies.get(path);
        lies.delete(path);
        return lie ? { status: 409, headers: {}, body: lie } : through.request(request);
      },
    };
    await ask(ROTATE_NODE_PATH);
    const node = start({ http: liar });
    await node.identity.checkIn(REPORT).catch(() => {});
    const before = seedOf(NODE_KEY_NAME);
    lies.set(VERIFY_PATH, forged).set(REGISTER_PATH, body);
    await assert.rejects(start({ http: liar }).identity.authenticate(), { code: "node-exists" });
    assert.equal(lies.size, 0, "it heard them all");
    assert.equal(seedOf(NODE_KEY_NAME), before);
    assert.equal(before, toHex(oldSeed));
  });

  it("takes none that nobody asked it to take, whatever a session says", async () => {
    const node = await start().boot();
    const next = new Uint8Array(32).fill(9);
    const newPk = nobleCrypto.ed25519PublicKey(next);
    const rotation = { tenantId: tenant.tenantId, nodeUid, oldPk: oldPk(), newPk };
    const good = writeRotationRequest(signRotation(nobleCrypto, rotation, oldSeed, next));
    await assert.rejects(node.identity.call(ROTATE_KEY_PATH, good), { code: "conflict" });
    await ask(ROTATE_NODE_PATH);
    const same = { ...rotation, newPk: oldPk() };
    const itself = writeRotationRequest(signRotation(nobleCrypto, same, oldSeed, oldSeed));
    await assert.rejects(node.identity.call(ROTATE_KEY_PATH, itself), { code: "conflict" });
    const stranger = writeRotationRequest(signRotation(nobleCrypto, rotation, next, next));
    await assert.rejects(node.identity.call(ROTATE_KEY_PATH, stranger), {
      code: "signature-invalid",
    });
    assert.deepEqual((await stored()).nodePk, oldPk());
  });

  it("does not take a key that another node has or has had", async () => {
    const other = await desk.node(tenant, { name: "other" }).boot();
    await ask(ROTATE_NODE_PATH);
    const taken = new MapStorage();
    const otherSeed = (other.storage as MapStorage).get(NODE_KEY_NAME)!;
    taken.set(NODE_KEY_NAME, oldSeed);
    taken.set(NEXT_KEY_NAME, otherSeed);
    const node = await start({ storage: taken }).boot();
    await node.identity.checkIn(REPORT);
    assert.deepEqual((await stored()).nodePk, oldPk());
  });

  it("is left alone where HS badges are sealed for it, unless somebody insists", async () => {
    await badge(desk.service, tenant.tenantId, { mode: "HS", nodeUid });
    await assert.rejects(ask(ROTATE_NODE_PATH), { code: "conflict", message: /1 HS badges/ });
    assert.equal((await stored()).rotationWanted, false);
    await ask(ROTATE_NODE_PATH, { force: true });
    assert.equal((await stored()).rotationWanted, true);
  });

  it("is not asked when it is revoked or nobody", async () => {
    await assert.rejects(ask(ROTATE_NODE_PATH, { node_uid: crypto.randomUUID() }), {
      code: "node-unknown",
    });
    await ask(REVOKE_NODE_PATH);
    await assert.rejects(ask(ROTATE_NODE_PATH), { code: "node-unknown" });
  });
});
