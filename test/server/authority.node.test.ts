import assert from "node:assert/strict";
import { createDelegationClaim } from "../../protocol/claims/claim.ts";
import { createFirmwareManifest } from "../../protocol/claims/firmware-manifest.ts";
import type {
  SignedIdentityClaim,
  TotemIdentityDocument,
} from "../../protocol/claims/identity-types.ts";
import { encodeManifest } from "../../protocol/claims/manifest-wire.ts";
import { nodeAddress } from "../../protocol/claims/node-address.ts";
import { revokeIdentity, rotateIdentity } from "../../protocol/claims/sign-claim.ts";
import { signManifest } from "../../protocol/claims/sign-manifest.ts";
import type { LeasedSigner } from "../../protocol/claims/signers.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { Provisioning } from "../../server/admin.ts";
import { firmwareGraph } from "../../server/publish-authority.ts";
import { sha3 } from "../protocol/claims-stage.ts";
import { ClaimsWorld } from "../protocol/claims-world.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { badge, Desk, reasonOf, type TestNode, warm } from "./desk.ts";

describe("service: an identity behind a tenant", function () {
  this.timeout(60_000);
  let desk: Desk;
  let tenant: Provisioning;
  let world: ClaimsWorld;
  let root: LeasedSigner;
  let document: TotemIdentityDocument;
  let claims: SignedIdentityClaim[];

  beforeEach(async () => {
    desk = new Desk({ sha3 });
    tenant = await desk.tenant();
    world = new ClaimsWorld(sha3);
    root = await world.tree("root");
    document = world.document(root);
    claims = [];
  });
  afterEach(() => desk.close());

  const publish = (more: object = {}) =>
    desk.service.admin.publishAuthority({
      ...{ tenantId: tenant.tenantId, graph: { document, claims } },
      ...more,
    });
  const require = () => publish({ requireDelegation: true });

  async function delegate(node: TestNode, scopes: readonly string[], more: object = {}) {
    const { nodePk } = await node.identity.init();
    const fields = {
      ...{ issuer: root.addresses.claim, subject: document.id, scopes, issuedAt: desk.nowMs },
      delegatedAddress: nodeAddress(sha3, nodePk),
    };
    claims.push(await world.sign(createDelegationClaim({ ...fields, ...more }, sha3), root));
  }

  async function revoke(node: TestNode) {
    const { nodePk } = await node.identity.init();
    const revoked = nodeAddress(sha3, nodePk);
    const options = { sha3, issuedAt: desk.nowMs, revoked };
    claims.push(await revokeIdentity(document, "lost", root, options));
  }

  it("asks nothing of nodes until its tenant says so", async () => {
    await publish();
    await desk.node(tenant).boot();
  });

  it("lets in a node that it vouches for, and none besides; no token is spent on those", async () => {
    await desk.service.admin.setRegistration(tenant.tenantId, "token");
    const enrolToken = await desk.service.admin.createEnrolToken(tenant.tenantId, 3600);
    const node = desk.node(tenant, { enrolToken });
    await require();
    await rejectsCode(node.boot(), "node-undelegated");
    await rejectsCode(
      desk.node(tenant, { name: "stranger", enrolToken }).boot(),
      "node-undelegated",
    );
    await delegate(node, ["door:open"]);
    desk.nowMs += 1000;
    await require();
    await node.boot();
  });

  it("wants the scope that the kind of node needs", async () => {
    const reader = desk.node(tenant, { name: "reader" });
    const sensor = desk.node(tenant, { name: "sensor", nodeType: "sensor" });
    await delegate(reader, ["telemetry:write"]);
    await delegate(sensor, ["door:open"]);
    await require();
    await rejectsCode(reader.boot(), "node-undelegated");
    await rejectsCode(sensor.boot(), "node-undelegated");
    await delegate(reader, ["door:open"]);
    await delegate(sensor, ["telemetry:write"]);
    desk.nowMs += 1000;
    await require();
    await (await reader.boot()).identity.checkIn(REPORT);
    await (await sensor.boot()).report([warm(1)]);
  });

  it("lets no sensor open doors that may only report", async () => {
    const reader = desk.node(tenant, { name: "reader" });
    const sensor = desk.node(tenant, { name: "sensor", nodeType: "sensor" });
    await delegate(reader, ["door:open"]);
    await delegate(sensor, ["telemetry:write"]);
    await require();
    const chip = await badge(desk.service, tenant.tenantId);
    assert.equal(reasonOf(await (await reader.boot()).tap(chip)), "granted");
    await rejectsCode((await sensor.boot()).tap(chip), "node-undelegated");
  });

  it("ends the sessions of a node that it revokes, and lets it in no more", async () => {
    const [lost, kept] = ["lost", "kept"].map((name) => desk.node(tenant, { name }));
    await delegate(lost!, ["door:open"]);
    await delegate(kept!, ["door:open"]);
    await require();
    await lost!.boot();
    await kept!.boot();
    await revoke(lost!);
    const { ended } = await publish();
    assert.deepEqual(ended, [lost!.nodeUid]);
    desk.nowMs += 1000;
    await rejectsCode(lost!.challenge(), "node-undelegated");
    await rejectsCode(lost!.identity.authenticate(), "node-undelegated");
    await kept!.challenge();
  });

  it("ends the sessions of a node in the millisecond in which its delegation does", async () => {
    const node = desk.node(tenant);
    const expiresAt = desk.nowMs + 60_000;
    await delegate(node, ["door:open"], { expiresAt });
    await require();
    await node.boot();
    desk.nowMs = expiresAt;
    await node.challenge();
    desk.nowMs = expiresAt + 1;
    await rejectsCode(node.challenge(), "node-undelegated");
  });

  it("vouches for nobody once it is revoked, or in doubt", async () => {
    const node = desk.node(tenant);
    await delegate(node, ["door:open"]);
    await require();
    await node.boot();
    const before = [...claims];
    desk.nowMs += 1000;
    claims.push(await revokeIdentity(document, "x", root, { sha3, issuedAt: desk.nowMs }));
    await publish();
    await rejectsCode(node.challenge(), "node-undelegated");
    claims = before;
    await rejectsCode(publish(), "conflict");
  });

  it("takes no graph that lacks a claim of the last, nor another identity's", async () => {
    const node = desk.node(tenant);
    await delegate(node, ["door:open"]);
    await publish();
    const older = [...claims];
    await revoke(node);
    await publish();
    claims = older;
    await rejectsCode(require(), "conflict");
    document = world.document(await world.tree("second"));
    claims = [];
    await rejectsCode(publish(), "subject-mismatch");
    await rejectsCode(
      publish({ graph: { document: { ...document, kind: "robot" } } }),
      "malformed",
    );
    for (const graph of [null, 7, [], {}, { claims: [] }, { document, claims: {} }])
      await rejectsCode(publish({ graph }), "malformed");
  });

  it("does not keep what is no claim of it", async () => {
    const node = desk.node(tenant);
    await delegate(node, ["door:open"]);
    const junk = [null, { claim: {} }, claims[0], { ...claims[0], proof: {} }];
    const { claims: kept } = await publish({ graph: { document, claims: [...claims, ...junk] } });
    assert.equal(kept, 1);
  });

  it("does not let a stolen old key vouch with an earlier date", async () => {
    const node = desk.node(tenant);
    const next = await world.tree("second");
    const issuedAt = desk.nowMs - 5000;
    claims.push(await rotateIdentity(document, next.addresses.claim, root, { sha3, issuedAt }));
    await publish();
    await delegate(node, ["door:open"], { issuedAt: issuedAt - 5000 });
    desk.nowMs += 1000;
    await require();
    await rejectsCode(node.boot(), "node-undelegated");
  });

  it("believes the dates of what was said before it knew the identity, and no later ones", async () => {
    const [early, late] = ["early", "late"].map((name) => desk.node(tenant, { name }));
    const next = await world.tree("second");
    const issuedAt = desk.nowMs - 5000;
    await delegate(early!, ["door:open"], { issuedAt: issuedAt - 1000 });
    claims.push(await rotateIdentity(document, next.addresses.claim, root, { sha3, issuedAt }));
    await require();
    await early!.boot();
    await delegate(late!, ["door:open"], { issuedAt: issuedAt - 500 });
    desk.nowMs += 1000;
    await publish();
    await rejectsCode(late!.boot(), "node-undelegated");
    await early!.challenge();
  });

  it("gives a node no more of its graph than an image needs", async () => {
    const nodes = ["a", "b"].map((name) => desk.node(tenant, { name }));
    for (const node of nodes) await delegate(node, ["door:open"]);
    desk.nowMs += 1000;
    await revoke(nodes[0]!);
    const builder = await world.tree("delegate");
    const may = await world.delegation(document, root, builder, ["manifest:sign"]);
    const revoked = builder.addresses.claim;
    const options = { sha3, issuedAt: desk.nowMs, revoked };
    const gone = await revokeIdentity(document, "x", root, options);
    const graph = JSON.stringify({ document, claims: [...claims, may, gone] });
    assert.deepEqual(firmwareGraph(graph).claims, [may, gone]);
  });

  describe("and its images", () => {
    const IMAGE = new Uint8Array(9000).fill(5);
    const facts = (securityVersion: number, version = `1.${securityVersion}`) => ({
      ...{ product: "reader-pico-2w", version, securityVersion, size: IMAGE.length },
      ...{ sha256: toHex(nobleCrypto.sha256(IMAGE)), minBootloader: 0 },
    });
    const signed = async (by: LeasedSigner, of = facts(7)) =>
      encodeManifest(
        await signManifest(
          createFirmwareManifest({ facts: of, operatorAddress: by.addresses.manifest }, sha3),
          by,
          { sha3, signedAt: desk.nowMs, domain: "latchkey/v1/firmware" },
        ),
      );
    const release = (manifest: Uint8Array, image = IMAGE) =>
      desk.service.admin.publishRelease({ tenantId: tenant.tenantId, manifest, image });
    const work = async (node: TestNode, image?: object, firmware = "1.0") => {
      await node.identity.checkIn({ ...REPORT, firmware, ...(image && { image }) });
      return node.identity.state.next;
    };
    const RUNS = { product: "reader-pico-2w", security: 6 };

    it("are taken when it stands behind them, and refused as a node would", async () => {
      await rejectsCode(release(await signed(root)), "not-found");
      await publish();
      await release(await signed(root));
      await rejectsCode(release(await signed(root, facts(6))), "firmware-rollback");
      await rejectsCode(release(await signed(root), IMAGE.slice(1)), "firmware-mismatch");
      await rejectsCode(release(await signed(await world.tree("second"))), "issuer-unauthorized");
      await rejectsCode(release(new Uint8Array(0)), "malformed");
    });

    it("are offered to nodes of their product that run another, until they went back", async () => {
      const node = await desk.node(tenant).boot();
      assert.deepEqual(await work(node, RUNS), []);
      await publish();
      await release(await signed(root));
      assert.deepEqual(await work(node, RUNS), ["update"]);
      assert.deepEqual(await work(node), [], "a node that cannot");
      assert.deepEqual(await work(node, { ...RUNS, product: "sensor" }), []);
      assert.deepEqual(await work(node, RUNS, "1.7"), [], "it runs it");
      assert.deepEqual(await work(node, { ...RUNS, security: 8 }), [], "it runs a safer one");
      const reverted = { version: "1.7", code: "firmware-unconfirmed" };
      for (let twice = 0; twice < 2; twice++)
        assert.deepEqual(await work(node, { ...RUNS, reverted }), []);
      assert.deepEqual(await work(node, RUNS), []);
      const rows = await desk.service.admin.auditRows(tenant.tenantId);
      assert.equal(rows.filter(({ kind }) => kind === "firmware-reverted").length, 1);
      await release(await signed(root));
      assert.deepEqual(await work(node, RUNS), ["update"], "published again");
    });

    it("reach a node piece by piece in its session, and no other tenant's", async () => {
      await publish();
      const manifest = await signed(root);
      const { releaseId } = await release(manifest);
      const node = await desk.node(tenant).boot();
      const ask = async (request: object) =>
        (await node.identity.call("identity_iot/ii_firmware", {
          ...{ product: "reader-pico-2w", offset: 0 },
          ...request,
        })) as { data: string; total: number; release: string };
      const pieces = [];
      for (let offset = 0; offset < IMAGE.length; offset += 4096)
        pieces.push((await ask({ part: "image", offset, release: releaseId })).data);
      const bytes = Buffer.concat(pieces.map((data) => Buffer.from(data, "base64url")));
      assert.deepEqual(new Uint8Array(bytes), IMAGE);
      assert.equal((await ask({ part: "manifest" })).total, manifest.length);
      assert.equal((await ask({ part: "graph" })).release, releaseId);
      const refused = async (request: object, code: "malformed" | "conflict" | "not-found") =>
        rejectsCode(ask(request), code);
      await refused({ part: "image", offset: 4095 }, "malformed");
      await refused({ part: "image", offset: -4096 }, "malformed");
      await refused({ part: "image", offset: 4096 * 3 }, "not-found");
      await refused({ part: "secrets" }, "malformed");
      await refused({ part: "image", product: "other" }, "not-found");
      await refused({ part: "image", release: crypto.randomUUID() }, "conflict");
      const other = await desk.node(await desk.tenant(), { name: "other" }).boot();
      const request = { product: "reader-pico-2w", part: "image", offset: 0, release: releaseId };
      await rejectsCode(other.identity.call("identity_iot/ii_firmware", request), "not-found");
    });
  });
});

const REPORT = {
  ...{ uptime_s: 1, firmware: "1.0", state: "READY", granted: 0, denied: 0, faults: 0 },
};
