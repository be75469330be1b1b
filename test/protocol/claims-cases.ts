import {
  addressesOf,
  encodeAddress,
  leafHash,
  scriptAddress,
} from "../../protocol/claims/address.ts";
import * as claims from "../../protocol/claims/claim.ts";
import { compatParseAddress } from "../../protocol/claims/compat/address.ts";
import { compatBindManifestToIdentity } from "../../protocol/claims/compat/bind.ts";
import { compatCanonicalJson, compatDigest } from "../../protocol/claims/compat/canonical.ts";
import {
  compatClaimId,
  compatKeyIndex,
  compatVerifyIdentityClaim,
  unsafeSignIdentityClaim,
} from "../../protocol/claims/compat/claim.ts";
import * as guards from "../../protocol/claims/compat/guards.ts";
import { flatIndex } from "../../protocol/claims/compat/lease-journal.ts";
import * as manifests from "../../protocol/claims/compat/manifest.ts";
import {
  compatVerifyOwnershipProof,
  unsafeProveOwnership,
} from "../../protocol/claims/compat/ownership.ts";
import { compatCanonicalPhrase, compatPhraseToSeed } from "../../protocol/claims/compat/phrase.ts";
import { compatResolveIdentityGraph } from "../../protocol/claims/compat/resolve.ts";
import { createIdentityDocument, identityIdOf } from "../../protocol/claims/document.ts";
import type { IdentityClaim } from "../../protocol/claims/identity-types.ts";
import {
  childTreeSeed,
  KeyTree,
  rootTreeSeed,
  type TreeCache,
} from "../../protocol/claims/key-tree.ts";
import { miniData } from "../../protocol/claims/minima-bytes.ts";
import { parentHash } from "../../protocol/claims/tree-proof.ts";
import {
  digitsOf,
  digitsOfMessage,
  wotsKeyFromSignature,
  wotsVerify,
} from "../../protocol/claims/wots.ts";
import * as secrets from "../../protocol/claims/wots-secret.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";

// biome-ignore lint/suspicious/noExplicitAny: each operation of the vectors has a form of its own
type Any = any;

export interface VectorCase {
  readonly id: string;
  readonly op: string;
  readonly unsafe?: string;
  readonly negative?: boolean;
  readonly input: Any;
  readonly expect: Any;
}

export interface Vectors {
  readonly meta: { readonly now: number };
  readonly count: number;
  readonly cases: readonly VectorCase[];
}

/** The few words of BIP39 that the vectors need, in the list's order. */
export const SOME_WORDS = [
  ..."abandon ability able about above absent absorb abstract absurd abuse access accident".split(
    " ",
  ),
  ..."account accuse achieve acid acoustic acquire across act action actor actress actual".split(
    " ",
  ),
];

/** A value of the vectors' JavaScript. */
export function evaluate(js: string): unknown {
  return new Function(`return ${js}`)();
}

const secret = (hex: string) => new Secret(fromHex(hex));

/** Trees of the vectors share their nodes: each takes half a million hashes. */
const cache: TreeCache & { readonly kept: Map<string, Uint8Array> } = {
  kept: new Map(),
  get: (path) => cache.kept.get(path),
  set: (path, bytes) => void cache.kept.set(path, bytes),
};
const trees = new Map<string, KeyTree>();
function treeOf(sha3: Sha3, privSeed: string): KeyTree {
  const known = trees.get(privSeed) ?? new KeyTree(sha3, secret(privSeed), cache);
  trees.set(privSeed, known);
  return known;
}

function mmrRoot(sha3: Sha3, privSeed: string): string {
  let level = Array.from({ length: 64 }, (_, i) =>
    leafHash(sha3, secrets.wotsPublicKey(sha3, secret(privSeed), i)),
  );
  while (level.length > 1)
    level = level.flatMap((left, i) => (i % 2 ? [] : [parentHash(sha3, left, level[i + 1]!)]));
  return toHex(level[0]!);
}

function keypair(sha3: Sha3, { seed, index }: Any): unknown {
  const full = secrets.wotsFullPublicKey(sha3, secret(seed), index);
  const digest = secrets.wotsPublicKey(sha3, secret(seed), index);
  const { claim, manifest } = addressesOf(sha3, digest);
  return {
    pkDigest: toHex(digest),
    fullPublicKeySha3: toHex(sha3.sha3_256(full)),
    fullPublicKeyFirst32: toHex(full.subarray(0, 32)),
    fullPublicKeyLast32: toHex(full.subarray(-32)),
    claimScript: `RETURN SIGNEDBY(${toHex(digest).toUpperCase()})`,
    claimAddress: claim,
    manifestAddress: manifest,
  };
}

function described(sha3: Sha3, claim: IdentityClaim): unknown {
  const { issuedAt, issuer, object, payload, subject, type } = claim;
  return {
    claim,
    idPreimage: compatCanonicalJson({ issuedAt, issuer, object, payload, subject, type }),
    idRecomputed: compatClaimId(claim, sha3),
    canonical: compatCanonicalJson(claim),
    digest: toHex(compatDigest(sha3, claim)),
  };
}

type Maker = (fields: Any, sha3: Sha3) => IdentityClaim;
const MAKERS: Readonly<Record<string, Maker>> = {
  createIdentityClaim: claims.createIdentityClaim,
  createDelegationClaim: claims.createDelegationClaim,
  createPaymentRecipientClaim: claims.createPaymentRecipientClaim,
  createServiceEndpointClaim: claims.createServiceEndpointClaim,
  rotateIdentity: claims.createRotationClaim,
  revokeIdentity: claims.createRevocationClaim,
};
const GUARDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  isTotemIdentityDocument: guards.compatIsTotemIdentityDocument,
  isIdentityClaim: guards.compatIsIdentityClaim,
  isSignedIdentityClaim: guards.compatIsSignedIdentityClaim,
  isRotationClaim: guards.compatIsRotationClaim,
  isRevocationClaim: guards.compatIsRevocationClaim,
};

function treeSign(sha3: Sha3, { privSeed, uses, data }: Any, expect: Any): unknown {
  const signature = treeOf(sha3, privSeed).unsafeSign(uses, fromHex(data));
  const answer = { length: signature.length, sha3: toHex(sha3.sha3_256(signature)) };
  return expect.hex === undefined ? answer : { ...answer, hex: toHex(signature) };
}

/** Two seeds of one name, and the legacy one that *is* the one-time secret. */
function seeds(sha3: Sha3, { op, input: { seed, index } }: VectorCase): unknown {
  const bytes = fromHex(seed);
  const hash = (...parts: Uint8Array[]) => toHex(sha3.sha3_256(concat(...parts)));
  if (op === "deriveRootPrivSeed")
    return {
      rootIdentity: toHex(rootTreeSeed(sha3, secret(seed)).bytes),
      coreExportWasm: hash(miniData(bytes)),
    };
  const chainSeed = toHex(secrets.oneTimeSecret(sha3, secret(seed), index));
  const unsigned = index < 256 ? Uint8Array.of(index) : Uint8Array.of(index >> 8, index & 255);
  return { wasm: chainSeed, js: hash(miniData(bytes), miniData(unsigned)), chainSeed };
}

function v012(sha3: Sha3, { input, expect }: VectorCase): unknown {
  const seed = secret(input.seed);
  const verified = compatVerifyIdentityClaim(expect.signedClaim, sha3);
  const ours = unsafeSignIdentityClaim(input.claim, seed, input.keyIndex, sha3);
  const bare = (hex: string) => hex.toUpperCase().replace("0X", "");
  const same = bare(expect.signedClaim.proof.signature) === ours.proof.signature;
  return { ...expect, verify_by_1_0_0: verified, documentIdSame: same };
}

/** The reference's decision or result, in compat mode. */
async function answer(one: VectorCase, sha3: Sha3): Promise<unknown> {
  const { op, input, expect } = one;
  const maker = MAKERS[op];
  if (maker !== undefined)
    return described(sha3, maker({ issuedAt: input.now, ...input.opts }, sha3));
  const guard = GUARDS[op];
  if (guard !== undefined) return guard(input.value);
  switch (op) {
    case "sha3_256":
      return toHex(sha3.sha3_256(toUtf8(input.utf8)));
    case "deriveChainSeed":
      return toHex(secrets.oneTimeSecret(sha3, secret(input.seed), input.index));
    case "expandPrivateKey":
      return toHex(secrets.chainStarts(sha3, fromHex(input.seed))).match(/.{64}/g);
    case "wotsDigits":
      return [...digitsOfMessage(sha3, fromHex(input.message))];
    case "digitsOfDigest":
      return [...digitsOf(fromHex(input.digest))];
    case "keypair":
      return keypair(sha3, input);
    case "wotsSign":
      return toHex(
        secrets.unsafeWotsSign(sha3, secret(input.seed), input.index, fromHex(input.message))
          .signature,
      );
    case "wotsVerifyDigest":
      return wotsVerify(
        sha3,
        fromHex(input.pkDigest),
        fromHex(input.message),
        fromHex(input.signature),
      );
    case "wotsPkFromSig":
      return toHex(wotsKeyFromSignature(sha3, fromHex(input.message), fromHex(input.signature)));
    case "keyIndexCoercion":
      return {
        pkDigest: toHex(
          secrets.wotsPublicKey(sha3, secret(input.seed), compatKeyIndex(evaluate(input.indexJs))),
        ),
      };
    case "makeMx":
      return encodeAddress(sha3, fromHex(input.root));
    case "parseMx":
      return toHex(compatParseAddress(sha3, input.address));
    case "scriptToAddress":
      return scriptAddress(sha3, input.script);
    case "canonicalJson": {
      const text = compatCanonicalJson(evaluate(input.js));
      return { text, sha3: toHex(sha3.sha3_256(toUtf8(text))) };
    }
    case "computeIdentityId":
      return identityIdOf(input.kind, input.rootAddress, sha3);
    case "createIdentityDocument": {
      const { now, ...fields } = input;
      return createIdentityDocument({ createdAt: now, ...fields }, sha3);
    }
    case "signIdentityClaim":
      return unsafeSignIdentityClaim(input.claim, secret(input.seed), input.keyIndex, sha3);
    case "verifyIdentityClaim":
      return compatVerifyIdentityClaim(input.signed, sha3);
    case "resolveIdentityGraph":
      return compatResolveIdentityGraph(input.graph, { sha3, nowMs: input.now });
    case "computeManifestId":
      return manifests.compatManifestId(input.manifest, sha3);
    case "signManifest":
      return manifests.unsafeSignManifest(
        input.manifest,
        secret(input.seed),
        { keyIndex: input.keyIndex, signedAt: input.now },
        sha3,
      );
    case "verifyManifest":
      return manifests.compatVerifyManifest(input.signed, sha3);
    case "decodeManifest":
      return manifests.compatDecodeManifest(fromHex(input.hex));
    case "bindManifestToIdentity":
      return compatBindManifestToIdentity(input.signedManifest, input.graph, {
        sha3,
        nowMs: input.now,
        ...proofVerifier(input.proofVerifierResult),
      });
    case "deriveRootPrivSeed":
    case "derivePerAddressSeed":
      return seeds(sha3, one);
    case "deriveUnifiedChildSeed":
      return toHex(childTreeSeed(sha3, rootTreeSeed(sha3, secret(input.seed)), input.index).bytes);
    case "treePublicKey": {
      const key = treeOf(sha3, input.privSeed).publicKey();
      return { publicKey: toHex(key), address: addressesOf(sha3, key).claim };
    }
    case "mmrRoot":
      return mmrRoot(sha3, input.privSeed);
    case "treeSign":
      return treeSign(sha3, input, expect);
    case "proveOwnership":
      return unsafeProveOwnership({
        sha3,
        seed: secret(input.seed),
        indices: input.indices,
        rootUse: input.rootUses,
        timestamp: input.now,
        cache,
      });
    case "verifyOwnershipProof":
      return compatVerifyOwnershipProof(input.proof, sha3);
    case "phraseToSeed":
      return {
        canonical: compatCanonicalPhrase(input.phrase, SOME_WORDS),
        seed: toHex(compatPhraseToSeed(input.phrase, SOME_WORDS, sha3).bytes),
      };
    case "flatIndex":
      return flatIndex(input.addressIndex, input.l1, input.l2);
    case "v012":
      return v012(sha3, one);
    default:
      throw new Error(`no such operation: ${op}`);
  }
}

function proofVerifier(result: Any): object {
  if (result === undefined) return {};
  const verify = () => {
    if (result === "throw") throw new Error("as told");
    return result;
  };
  return { proofVerifiers: { "root-identity": { verify } } };
}

/** {@link answer}, or what it threw, as the vectors write it. */
export async function compatAnswer(one: VectorCase, sha3: Sha3): Promise<unknown> {
  try {
    return JSON.parse(JSON.stringify(await answer(one, sha3)));
  } catch (error) {
    // Strings are what the reference's WebAssembly throws in place of errors.
    const wasm = one.op === "parseMx";
    return { throws: `${wasm ? "string" : (error as Error).name}: ${(error as Error).message}` };
  }
}
