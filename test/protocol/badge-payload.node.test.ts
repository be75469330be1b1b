/** A second implementation of the badge payload, by node:crypto, as the oracle of the first. */
import assert from "node:assert/strict";
import {
  createCipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { openPayload, sealPayload } from "../../protocol/badge/payload.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";

type Mode = "STD" | "HS";

interface Parts {
  readonly seed: Buffer;
  readonly df1: Buffer;
  readonly df2: Buffer;
  readonly iv: Buffer;
  readonly uid: Buffer;
  readonly nodePk: Buffer;
}

/** Written from protocol.md, "Badge", alone. */
function sealByNode(mode: Mode, { seed, df1, df2, iv, uid, nodePk }: Parts): Buffer {
  let dek = Buffer.from(df1.map((byte, index) => byte ^ df2[index]!));
  if (mode === "HS") {
    const salt = createHash("sha256").update(nodePk).digest();
    dek = Buffer.from(hkdfSync("sha256", dek, salt, "latchkey/v1/badge/HS", 32));
  }
  const cipher = createCipheriv("aes-256-cbc", dek, iv); // pads by PKCS#7 by itself
  const epk = Buffer.concat([cipher.update(seed), cipher.final()]);
  const head = Buffer.concat([Buffer.from([1, mode === "HS" ? 2 : 1]), iv, epk]);
  const macKey = Buffer.from(hkdfSync("sha256", dek, "", "latchkey/v1/badge/mac", 32));
  const tag = createHmac("sha256", macKey).update(head).update(uid).digest().subarray(0, 16);
  return Buffer.concat([head, tag, df2]);
}

function randomParts(): Parts {
  return {
    seed: randomBytes(32),
    df1: randomBytes(32),
    df2: randomBytes(32),
    iv: randomBytes(16),
    uid: randomBytes(7),
    nodePk: randomBytes(32),
  };
}

describe("the badge payload against node:crypto", () => {
  for (const mode of ["STD", "HS"] as const) {
    it(`is the same for ${mode}, byte by byte, and each opens the other's`, () => {
      for (let run = 0; run < 50; run++) {
        const parts = randomParts();
        const theirs = sealByNode(mode, parts);
        const ours = sealPayload(nobleCrypto, { mode, ...parts });
        assert.equal(Buffer.from(ours).toString("hex"), theirs.toString("hex"));
        const opened = openPayload(nobleCrypto, theirs, parts);
        assert.ok(timingSafeEqual(opened.bytes, parts.seed));
      }
    });
  }
});
