import assert from "node:assert/strict";
import {
  createPaymentRecipientClaim,
  createServiceEndpointClaim,
} from "../../protocol/claims/claim.ts";
import type { IdentityResolutionResult } from "../../protocol/claims/identity-types.ts";
import { revokeIdentity, rotateIdentity } from "../../protocol/claims/sign-claim.ts";
import type { LeasedSigner } from "../../protocol/claims/signers.ts";
import { wasmSha3 } from "../../server/wasm-sha3.ts";
import { ClaimsWorld, DAY, NOW } from "./claims-world.ts";

const sha3 = wasmSha3();

const codes = ({ errors }: IdentityResolutionResult) => errors.map(({ code }) => code);

describe("an identity graph", function () {
  this.timeout(60_000);
  let world: ClaimsWorld;
  let root: LeasedSigner;
  let document: ReturnType<ClaimsWorld["document"]>;

  beforeEach(async () => {
    world = new ClaimsWorld(sha3);
    root = await world.tree("root");
    document = world.document(root);
  });

  const endpoint = (issuer: LeasedSigner, issuedAt: number, uri = "mqtts://door.example") =>
    world.sign(
      createServiceEndpointClaim(
        ...([
          {
            issuer: issuer.addresses.claim,
            subject: document.id,
            endpointType: "mqtt",
            uri,
            issuedAt,
          },
          sha3,
        ] as const),
      ),
      issuer,
    );
  const rotate = (from: LeasedSigner, to: LeasedSigner, issuedAt: number) =>
    rotateIdentity(document, to.addresses.claim, from, { sha3, issuedAt });
  const revoke = (by: LeasedSigner, revoked: string | undefined, issuedAt: number) =>
    revokeIdentity(document, "test", by, {
      sha3,
      issuedAt,
      ...(revoked === undefined ? {} : { revoked }),
    });

  it("without claims is its root's alone", () => {
    const { resolved, errors } = world.resolve(document, []);
    assert.deepEqual(errors, []);
    assert.equal(resolved?.status, "active");
    assert.equal(resolved?.controllerAddress, document.rootAddress);
  });

  it("lists what its root and its delegates say, whatever the order", async () => {
    const delegate = await world.tree("delegate");
    const claims = [
      await endpoint(delegate, NOW - 1000),
      await world.delegation(document, root, delegate, ["manifest:sign"]),
      await world.sign(
        createPaymentRecipientClaim(
          {
            issuer: document.rootAddress,
            subject: document.id,
            address: "MxPAY",
            label: "main",
            issuedAt: NOW - 5,
          },
          sha3,
        ),
        root,
      ),
    ];
    for (const order of [claims, [...claims].reverse()]) {
      const { resolved, errors } = world.resolve(document, order);
      assert.deepEqual(errors, []);
      assert.deepEqual(resolved?.authorizedAddresses, [delegate.addresses.claim]);
      assert.equal(resolved?.serviceEndpoints[0]?.uri, "mqtts://door.example");
      assert.equal(resolved?.paymentRecipients[0]?.label, "main");
    }
  });

  it("follows a chain of rotations: the last address is in control, the others are not", async () => {
    const [second, third] = [await world.tree("second"), await world.tree("third")];
    const claims = [
      await endpoint(root, NOW - 3 * DAY, "https://before.example"),
      await rotate(second, third, NOW - DAY),
      await rotate(root, second, NOW - 2 * DAY),
      await endpoint(third, NOW - 5, "https://now.example"),
      await endpoint(root, NOW - 5, "https://stolen.example"),
      await endpoint(second, NOW - 5, "https://stolen.example"),
    ];
    const result = world.resolve(document, claims);
    assert.equal(result.resolved?.status, "rotated");
    assert.equal(result.resolved?.rotationTarget, third.addresses.claim);
    assert.equal(result.resolved?.controllerAddress, third.addresses.claim);
    assert.deepEqual(
      result.resolved?.serviceEndpoints.map(({ uri }) => uri),
      ["https://before.example", "https://now.example"],
    );
    assert.deepEqual(codes(result), ["issuer-unauthorized", "issuer-unauthorized"]);
  });

  it("whose root is lost goes on by a key that was given all, but nobody can move it", async () => {
    const [second, third] = [await world.tree("second"), await world.tree("third")];
    const granted = await world.delegation(document, root, second, ["*"]);
    // Everything from here on is the second key's, which the root never hears of.
    const claims = [
      granted,
      await world.delegation(document, second, third, ["door:open"], { issuedAt: NOW - 20 }),
      await endpoint(second, NOW - 15),
      await revoke(second, third.addresses.claim, NOW - 10),
    ];
    const { resolved, errors } = world.resolve(document, claims);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ["claim-revoked"],
    );
    assert.deepEqual(resolved?.authorizedAddresses, [second.addresses.claim]);
    assert.equal(resolved?.serviceEndpoints.length, 1);
    const moved = await rotate(second, third, NOW - 5);
    const after = world.resolve(document, [granted, moved]).resolved;
    assert.equal(after?.controllerAddress, document.rootAddress, "control is the root's still");
    const ended = await revoke(third, undefined, NOW - 1);
    assert.equal(world.resolve(document, [granted, moved, ended]).resolved?.status, "revoked");
  });

  it("in which one key rotates to two addresses is nobody's", async () => {
    const [second, third] = [await world.tree("second"), await world.tree("third")];
    const claims = [await rotate(root, second, NOW - DAY), await rotate(root, third, NOW - 5)];
    for (const order of [claims, [...claims].reverse()]) {
      const result = world.resolve(document, order);
      assert.equal(result.resolved, null);
      assert.ok(codes(result).includes("rotation-conflict"));
    }
  });

  it("names a controller once the root has made it a manager", async () => {
    const controller = await world.tree("delegate");
    const claimed = world.document(root, controller);
    assert.equal(world.resolve(claimed, []).resolved?.controllerAddress, document.rootAddress);
    const claims = [await world.delegation(claimed, root, controller, ["identity:*"])];
    const { resolved } = world.resolve(claimed, claims);
    assert.equal(resolved?.controllerAddress, controller.addresses.claim);
  });

  it("lets a manager delegate what it holds itself, until it ends itself", async () => {
    const [manager, worker] = [await world.tree("delegate"), await world.oneTime("worker")];
    const until = { expiresAt: NOW + DAY };
    const claims = [
      await world.delegation(document, root, manager, ["identity:*", "door:open"], until),
      await world.delegation(document, manager, worker, ["door:open"], { issuedAt: NOW - 10 }),
      await world.delegation(document, manager, worker, ["telemetry:write"], { issuedAt: NOW - 9 }),
      await world.delegation(document, manager, worker, ["*"], { issuedAt: NOW - 8 }),
    ];
    const now = world.resolve(document, claims);
    assert.deepEqual(codes(now), ["issuer-unauthorized", "issuer-unauthorized"]);
    assert.deepEqual(
      now.resolved?.delegates.map(({ scopes }) => scopes),
      [["identity:*", "door:open"], ["door:open"]],
    );
    const later = world.resolve(document, claims, { nowMs: NOW + DAY + 1 });
    assert.deepEqual(later.resolved?.delegates, []);
    assert.deepEqual(codes(later).slice(0, 2), ["statement-expired", "statement-expired"]);
  });

  it("forgets one delegate, or one claim, that was revoked by name", async () => {
    const [one, other] = [await world.tree("second"), await world.tree("third")];
    const gone = await endpoint(root, NOW - 500, "https://old.example");
    const claims = [
      await world.delegation(document, root, one, ["manifest:sign"]),
      await world.delegation(document, root, other, ["manifest:sign"]),
      await endpoint(root, NOW - 500, "https://kept.example"),
      gone,
      await revoke(root, one.addresses.claim, NOW - 50),
      await revoke(root, gone.claim.id, NOW - 50),
    ];
    const result = world.resolve(document, claims);
    assert.equal(result.resolved?.status, "active");
    assert.deepEqual(result.resolved?.controlledAddresses, [other.addresses.claim]);
    assert.deepEqual(
      result.resolved?.serviceEndpoints.map(({ uri }) => uri),
      ["https://kept.example"],
    );
    assert.deepEqual(codes(result), ["claim-revoked", "claim-revoked"]);
    const again = await world.delegation(document, root, one, ["x"], { issuedAt: NOW - 20 });
    const renewed = world.resolve(document, [...claims, again]);
    assert.equal(renewed.resolved?.delegates.length, 2, "a later delegation counts again");
  });

  it("does not let a manager take control by revoking the address that has it", async () => {
    const manager = await world.tree("delegate");
    const next = await world.tree("second");
    for (const scopes of [["identity:*"], ["*"]]) {
      const granted = await world.delegation(document, root, manager, scopes, {
        issuedAt: NOW - 9,
      });
      const takeover = await revoke(manager, document.rootAddress, NOW - 8);
      const said = await endpoint(root, NOW - 7);
      const result = world.resolve(document, [granted, takeover, said]);
      assert.deepEqual(codes(result), ["issuer-unauthorized"]);
      assert.equal(result.errors[0]?.index, 1);
      assert.equal(result.resolved?.controllerAddress, document.rootAddress);
      assert.equal(result.resolved.serviceEndpoints.length, 1);
      // Nor that to which it was moved, in the same millisecond or later.
      const rotated = await rotate(root, next, NOW - 6);
      for (const at of [NOW - 5, NOW - 4]) {
        const again = await revoke(manager, next.addresses.claim, at);
        const after = await endpoint(next, NOW - 3);
        const moved = world.resolve(document, [granted, rotated, again, after]);
        assert.deepEqual(codes(moved), ["issuer-unauthorized"]);
        assert.equal(moved.resolved?.serviceEndpoints.length, 1);
      }
    }
  });

  it("lets the key in control revoke its own address, and a manager the whole identity", async () => {
    const manager = await world.tree("delegate");
    const granted = await world.delegation(document, root, manager, ["identity:*"]);
    const own = await revoke(root, document.rootAddress, NOW - 8);
    const result = world.resolve(document, [granted, own, await endpoint(root, NOW - 7)]);
    assert.deepEqual(codes(result), ["claim-revoked", "issuer-unauthorized"]);
    assert.deepEqual(result.resolved?.serviceEndpoints, []);
    const whole = await revoke(manager, undefined, NOW - 8);
    assert.equal(world.resolve(document, [granted, whole]).resolved?.status, "revoked");
  });

  it("that was revoked says so, and takes nothing that was said afterwards", async () => {
    const claims = [
      await revoke(root, undefined, NOW - 100),
      await endpoint(root, NOW - 50),
      await endpoint(root, NOW - 150),
    ];
    const result = world.resolve(document, claims);
    assert.equal(result.resolved?.status, "revoked");
    assert.equal(result.resolved?.revokedAt, NOW - 100);
    assert.equal(result.resolved?.serviceEndpoints.length, 1);
    assert.deepEqual(codes(result), ["identity-revoked"]);
  });

  it("withdraws what a revoked delegate issued, unless a witness saw it before", async () => {
    const [thief, friend] = [await world.tree("delegate"), await world.oneTime("friend")];
    const dated = await world.delegation(document, thief, friend, ["*"], { issuedAt: NOW - 200 });
    const kill = await revoke(thief, undefined, NOW - 150);
    const claims = [
      await world.delegation(document, root, thief, ["*"]),
      dated,
      kill,
      await revoke(root, thief.addresses.claim, NOW - 100),
    ];
    const blind = world.resolve(document, claims);
    assert.equal(blind.resolved?.status, "active", "a thief cannot revoke by an early date");
    assert.deepEqual(blind.resolved?.delegates, []);
    const seen = (id: string) => (id === dated.claim.id ? NOW - 199 : NOW);
    const witnessed = world.resolve(document, claims, { firstSeenMs: seen });
    assert.deepEqual(witnessed.resolved?.controlledAddresses, [friend.addresses.claim]);
  });

  it("is not revoked by a manager's early date, even if the root has rotated since", async () => {
    const [thief, second] = [await world.tree("delegate"), await world.tree("second")];
    const claims = [
      await world.delegation(document, root, thief, ["identity:*"]),
      await rotate(root, second, NOW - 200),
      await revoke(thief, undefined, NOW - 300),
      await revoke(second, thief.addresses.claim, NOW - 100),
    ];
    const { resolved } = world.resolve(document, claims);
    assert.equal(resolved?.status, "rotated");
    assert.equal(resolved?.controllerAddress, second.addresses.claim);
  });

  it("takes nothing of a key that was rotated away and was seen only afterwards", async () => {
    const second = await world.tree("second");
    const late = await endpoint(root, NOW - 3 * DAY, "https://early-date.example");
    const claims = [await rotate(root, second, NOW - DAY), late];
    assert.equal(world.resolve(document, claims).resolved?.serviceEndpoints.length, 1);
    const result = world.resolve(document, claims, { firstSeenMs: () => NOW - 10 });
    assert.deepEqual(result.resolved?.serviceEndpoints, []);
    assert.deepEqual(codes(result), ["time-implausible"]);
    assert.equal(result.resolved?.rotationTarget, second.addresses.claim);
  });

  it("costs nothing for the claims of strangers: their signatures are never computed", async () => {
    const stranger = await world.tree("third");
    const one = await endpoint(stranger, NOW - 10);
    const claims = Array.from({ length: 10_000 }, () => one);
    let steps = 0;
    const counting = {
      name: "counting",
      sha3_256: (message: Uint8Array) => sha3.sha3_256(message),
      sha3_256Chain: (start: Uint8Array, times: number) => {
        steps += times;
        return sha3.sha3_256Chain(start, times);
      },
    };
    const graph = { document, claims };
    const refused = world.resolve(document, claims, { sha3: counting });
    assert.deepEqual(
      refused.errors.map(({ code }) => code),
      ["malformed"],
      "too many",
    );
    const result = world.resolve(graph.document, claims, { sha3: counting, maxClaims: 10_000 });
    assert.equal(result.errors.length, 10_000);
    assert.equal(steps, 0);
    const own = await endpoint(root, NOW - 5);
    assert.deepEqual(world.resolve(document, [own], { sha3: counting }).errors, []);
    assert.ok(steps > 3 * 2783, "three verifications of the root's tree are counted");
  });
});
