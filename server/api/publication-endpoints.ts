import { fromUtf8 } from "../../protocol/encoding/utf8.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { parseValue } from "../../protocol/json/reader.ts";
import { publishAuthority } from "../publish-authority.ts";
import { publishRelease } from "../publish-release.ts";
import { UPLOAD_PARTS } from "../store/uploads.ts";
import { GRAPH_MAX, takenUpload, takePiece, UPLOAD_MAX, UPLOAD_PIECE } from "../uploads.ts";
import { type Endpoint, managed } from "./endpoint.ts";
import {
  boolean,
  bytes,
  described,
  hash,
  list,
  oneOf,
  optional,
  text,
  uint,
  uuid,
} from "./field.ts";
import { form, object } from "./form.ts";
import {
  PUBLISH_AUTHORITY_PATH,
  PUBLISH_RELEASE_PATH,
  UPLOAD_PIECE_PATH,
} from "./management-paths.ts";

const CLAIMS_MAX = 256;
const NODES_MAX = 100_000;
/** As deep as a signed claim, in the list of them, in the graph. */
const GRAPH_LIMITS = Object.freeze({ length: GRAPH_MAX, depth: 24 });
const OFFSET_MAX = Math.max(...Object.values(UPLOAD_MAX)) - 1;

/** Why an image is refused, as a node would. */
const REFUSALS: readonly ErrorCode[] = [
  ...(["unsupported-version", "firmware-unsuitable", "firmware-rollback"] as const),
  ...(["firmware-mismatch", "domain-mismatch", "time-implausible", "statement-expired"] as const),
  ...(["id-mismatch", "signer-mismatch", "signature-invalid", "issuer-unauthorized"] as const),
  ...(["identity-revoked", "rotation-conflict", "subject-mismatch"] as const),
];

/** Who stands behind a tenant, and what its nodes run: from wherever the keys are. */
export const PUBLICATION_ENDPOINTS: readonly Endpoint[] = [
  managed({
    may: "publish-releases",
    many: true,
    path: UPLOAD_PIECE_PATH,
    chapter: "management",
    summary: "A piece of a graph, a manifest or an image, which is published once it is whole.",
    fields: {
      part: oneOf(UPLOAD_PARTS),
      sha256: described(hash, "Of the whole. Another one in its place begins anew."),
      offset: uint(OFFSET_MAX),
      data: bytes({ min: 1, max: UPLOAD_PIECE }),
    },
    answer: form({ length: described(uint(), "Bytes that are here: where the next begins.") }),
    codes: ["conflict"],
    async handle(context, { tenantId }, piece) {
      return { length: await takePiece(context, { tenantId, ...piece }) };
    },
  }),
  managed({
    may: "publish-authority",
    path: PUBLISH_AUTHORITY_PATH,
    chapter: "management",
    summary: "Takes an uploaded graph as that of the identity behind the tenant.",
    fields: {
      graph: described(hash, "What was uploaded: JSON of a document and its claims."),
      require_nodes: described(
        optional(boolean),
        "Whether nodes need a delegation from now on; as it was when absent.",
      ),
    },
    answer: form({
      identity_id: text(128),
      claims: uint(CLAIMS_MAX),
      refused: list(object(form({ index: uint(CLAIMS_MAX), code: text(64) })), CLAIMS_MAX),
      ended: described(list(uuid, NODES_MAX), "Nodes that may not come in any more."),
    }),
    codes: ["not-found", "conflict", "id-mismatch", "subject-mismatch", "signatures-exceeded"],
    async handle(
      context,
      { tenantId, operator: { name: by } },
      { graph: sha256, require_nodes: required },
    ) {
      const uploaded = await takenUpload(context, tenantId, "graph", sha256);
      const graph = parseValue(fromUtf8(uploaded, "graph"), "graph", GRAPH_LIMITS);
      const wish = required === undefined ? {} : { requireDelegation: required };
      const done = await publishAuthority(context, { tenantId, graph, by, ...wish });
      await context.records.removeUpload(tenantId, "graph");
      const { identityId, claims, ended } = done;
      const refused = done.refused.map(({ index, code }) => ({ index, code }));
      return { identity_id: identityId, claims, refused, ended };
    },
  }),
  managed({
    may: "publish-releases",
    path: PUBLISH_RELEASE_PATH,
    chapter: "management",
    summary: "Gives an uploaded image to the nodes of its product, if they would take it.",
    fields: { manifest: hash, image: hash },
    answer: form({ product: text(64), version: text(64), release_id: uuid }),
    codes: ["not-found", "conflict", ...REFUSALS],
    async handle(context, { tenantId, operator: { name: by } }, named) {
      const manifest = await takenUpload(context, tenantId, "manifest", named.manifest);
      const image = await takenUpload(context, tenantId, "image", named.image);
      const release = await publishRelease(context, { tenantId, manifest, image, by });
      for (const part of ["manifest", "image"] as const)
        await context.records.removeUpload(tenantId, part);
      const { product, version, releaseId } = release;
      return { product, version, release_id: releaseId };
    },
  }),
];
