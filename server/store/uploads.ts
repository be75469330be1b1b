/** What is published by the network comes in pieces: a body is 16 KiB at most. */
export const UPLOAD_PARTS = Object.freeze(["graph", "manifest", "image"] as const);
export type UploadPart = (typeof UPLOAD_PARTS)[number];

/** After that what was not published is forgotten. */
export const UPLOAD_KEPT_SECONDS = 3600;

export interface UploadPiece {
  readonly tenantId: string;
  readonly part: UploadPart;
  /** Of the whole, as hexadecimal digits: its name. */
  readonly sha256: string;
  /** Bytes before it. */
  readonly offset: number;
  readonly data: Uint8Array;
  readonly at: number;
}

/** The part of the records that is about what comes in pieces: of a tenant one of each part. */
export interface UploadRecords {
  /**
   * Adds a piece; one at 0 begins, in place of what there was with another name. Gives how many
   * bytes there are now: less than `offset` when one before it is missing, and then it is not kept.
   */
  addPiece(piece: UploadPiece): Promise<number>;
  /** What came under that name. */
  upload(tenantId: string, part: UploadPart, sha256: string): Promise<Uint8Array | undefined>;
  removeUpload(tenantId: string, part: UploadPart): Promise<void>;
}
