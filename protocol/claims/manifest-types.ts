import type { ErrorCode } from "../error-codes.ts";
import type { JsonValue } from "../json/reader.ts";
import type { JsonPayload } from "./canonical-json.ts";
import type { DomainTag } from "./domain-tag.ts";

/** What all kinds may carry: signed with the rest, and tolerated by the reference. */
interface Tagged {
  readonly latchkey?: DomainTag;
}

export interface AppManifest extends Tagged {
  readonly type: "app";
  /** Hash of type, author and topic; empty: not stated. */
  readonly appId: string;
  readonly name: string;
  readonly version: string;
  readonly authorAddress: string;
  readonly pearTopicKey: string;
  readonly price: string;
  readonly priceToken?: string;
  readonly subscriptionInterval?: JsonValue;
  readonly category: readonly string[];
  readonly permissions: readonly string[];
  readonly iconCid?: string;
  readonly description: string;
  readonly repoUrl?: string;
  readonly minTotemVersion: string;
}

export interface CapabilityManifest extends Tagged {
  readonly type: "capability";
  /** Hash of type, agent and name; empty: not stated. */
  readonly capabilityId: string;
  readonly capabilityName: string;
  readonly agentAddress: string;
  readonly agentIdentityKey: string;
  readonly description: string;
  readonly inputSchema: JsonPayload;
  readonly outputSchema: JsonPayload;
  readonly pricePerCall: string;
  readonly priceToken?: string;
  readonly paymentChannel?: JsonValue;
  readonly maxLatencyMs?: number;
  readonly maxCallsPerMinute?: number;
  /** Unix milliseconds, the last one included. */
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

export interface DappManifest extends Tagged {
  readonly type: "dapp";
  /** Hash of type, author and contract; empty: not stated. */
  readonly dappId: string;
  readonly name: string;
  readonly version: string;
  readonly authorAddress: string;
  readonly contractHash: string;
  readonly contractSource?: string;
  readonly abi: readonly JsonValue[];
  readonly price: string;
  readonly priceToken?: string;
  readonly category: readonly string[];
  readonly description: string;
  readonly auditReport?: JsonValue;
}

export interface EdgeServiceManifest extends Tagged {
  readonly type: "edge-service";
  /** Hash of type, operator, service type and name; empty: not stated. */
  readonly serviceId: string;
  readonly name: string;
  readonly version: string;
  readonly operatorAddress: string;
  readonly serviceType: string;
  readonly description: string;
  readonly endpoints?: readonly { readonly type: string; readonly uri: string }[];
  readonly capabilities: readonly string[];
  readonly price?: string;
  readonly priceToken?: string;
  readonly paymentMethods?: JsonValue;
  readonly tags: readonly string[];
  /** Unix milliseconds, the last one included; absent: no end. */
  readonly expiresAt?: number;
  readonly minTotemVersion?: string;
}

export type Manifest = AppManifest | CapabilityManifest | DappManifest | EdgeServiceManifest;
export type ManifestType = Manifest["type"];

/** A manifest with what the reference puts around it; of that only the manifest is signed. */
export interface SignedManifest {
  readonly manifest: Manifest;
  readonly authorAddress: string;
  /** 32 bytes, hexadecimal. */
  readonly signerPublicKey: string;
  /** Unix milliseconds. Signed only where the manifest carries our tag with the same time. */
  readonly signedAt: number;
  /** Hexadecimal: 1,088 bytes of a one-time key, 4,125 of a key tree. */
  readonly signature: string;
  /** In the reference's type; strict rules never look at it (docs/claims.md, D16 and D17). */
  readonly rootIdentityProof?: string;
}

export interface ManifestVerifyResult {
  readonly valid: boolean;
  readonly code?: ErrorCode;
  readonly reason?: string;
  readonly signerAddress?: string;
}
