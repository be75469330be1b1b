import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { malformed } from "../../protocol/errors.ts";
import type { JsonObject, JsonValue } from "../../protocol/json/reader.ts";
import {
  PUBLISH_AUTHORITY_PATH,
  PUBLISH_RELEASE_PATH,
  UPLOAD_PIECE_PATH,
} from "../../server/api/management-paths.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import type { UploadPart } from "../../server/store/uploads.ts";
import { UPLOAD_PIECE } from "../../server/uploads.ts";
import type { Manager } from "../manage/manager.ts";

export interface AuthorityNews {
  readonly identityId: string;
  readonly claims: number;
  readonly refused: readonly { readonly index: number; readonly code: string }[];
  /** Nodes that may not come in any more. */
  readonly ended: readonly string[];
}

export interface ReleaseNews {
  readonly product: string;
  readonly version: string;
  readonly releaseId: string;
}

/** Gives graphs and images to a server's tenant, here or elsewhere. */
export interface Publisher {
  readonly tenantId: string;
  publishAuthority(graph: unknown, requireNodes: boolean | undefined): Promise<AuthorityNews>;
  publishRelease(manifest: Uint8Array, image: Uint8Array): Promise<ReleaseNews>;
  close(): Promise<void>;
}

/** Sends it in pieces, from where the server has it to. Gives its name there. */
async function upload({ ask }: Manager, part: UploadPart, bytes: Uint8Array): Promise<string> {
  const sha256 = toHex(nodeCrypto.sha256(bytes));
  for (let offset = 0; offset < bytes.length; ) {
    const data = toBase64Url(bytes.subarray(offset, offset + UPLOAD_PIECE));
    const { length } = await ask(UPLOAD_PIECE_PATH, { part, sha256, offset, data });
    if (typeof length !== "number" || !(length > offset)) throw malformed("length", "no progress");
    offset = length;
  }
  return sha256;
}

/** By what the server's management endpoints take, in pieces. */
export function remotePublisher(manager: Manager): Publisher {
  return {
    tenantId: manager.tenantId,
    async publishAuthority(graph, requireNodes) {
      const named = await upload(manager, "graph", toUtf8(JSON.stringify(graph)));
      const wish = requireNodes === undefined ? {} : { require_nodes: requireNodes };
      const answer = await manager.ask(PUBLISH_AUTHORITY_PATH, { graph: named, ...wish });
      const { identity_id: identityId, claims, refused, ended } = answer;
      return {
        ...{ identityId: String(identityId), claims: Number(claims) },
        refused: objects(refused).map(({ index, code }) => ({
          ...{ index: Number(index), code: String(code) },
        })),
        ended: (ended as readonly JsonValue[]).map(String),
      };
    },
    async publishRelease(manifest, image) {
      const named = {
        manifest: await upload(manager, "manifest", manifest),
        image: await upload(manager, "image", image),
      };
      const answer = await manager.ask(PUBLISH_RELEASE_PATH, named);
      const { product, version, release_id: releaseId } = answer;
      return { product: `${product}`, version: `${version}`, releaseId: `${releaseId}` };
    },
    close: () => manager.close(),
  };
}

const objects = (value: JsonValue | undefined) => value as readonly JsonObject[];
