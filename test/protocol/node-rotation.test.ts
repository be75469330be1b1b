import assert from "node:assert/strict";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { parseObject } from "../../protocol/json/reader.ts";
import {
  checkRotation,
  parseRotationRequest,
  signRotation,
  writeRotationRequest,
} from "../../protocol/node/rotation.ts";
import { throwsCode } from "./error-code.ts";

const OLD = new Uint8Array(32).fill(1);
const NEXT = new Uint8Array(32).fill(2);
const STRANGER = new Uint8Array(32).fill(3);
const pk = (seed: Uint8Array): Uint8Array => nobleCrypto.ed25519PublicKey(seed);
const rotation = {
  tenantId: "3f2c9a52-7a5b-4c7e-9d1f-0a1b2c3d4e5f",
  nodeUid: "6f1c2d3e-7a5b-4c7e-9d1f-0a1b2c3d4e5f",
  oldPk: pk(OLD),
  newPk: pk(NEXT),
};

describe("a key rotation", () => {
  it("is signed by the old key and by the new one, and survives the wire", () => {
    const request = signRotation(nobleCrypto, rotation, OLD, NEXT);
    const read = parseRotationRequest(parseObject(JSON.stringify(writeRotationRequest(request))));
    assert.deepEqual(read, request);
    checkRotation(nobleCrypto, rotation, read);
  });

  it("is nobody's who lacks one of the two keys", () => {
    for (const [old, next] of [
      [STRANGER, NEXT],
      [OLD, STRANGER],
      [NEXT, OLD],
    ] as const) {
      const request = signRotation(nobleCrypto, rotation, old, next);
      throwsCode(() => checkRotation(nobleCrypto, rotation, request), "signature-invalid");
    }
  });

  it("serves no other node, tenant or pair of keys", () => {
    const request = signRotation(nobleCrypto, rotation, OLD, NEXT);
    for (const other of [
      { tenantId: rotation.nodeUid },
      { nodeUid: rotation.tenantId },
      { oldPk: pk(STRANGER) },
      { newPk: pk(STRANGER) },
      { oldPk: rotation.newPk, newPk: rotation.oldPk },
    ])
      throwsCode(
        () => checkRotation(nobleCrypto, { ...rotation, ...other }, request),
        "signature-invalid",
      );
  });
});
