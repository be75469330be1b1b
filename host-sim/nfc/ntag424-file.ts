/** Access conditions are a key number 0-4 or one of these (NT4H2421Gx Table 6). */
export const FREE = 0xe;
export const NEVER = 0xf;

/** Table 7: read, write, read and write, change. */
export interface AccessRights {
  readonly read: number;
  readonly write: number;
  readonly readWrite: number;
  readonly change: number;
}

/**
 * Secure dynamic messaging of a file (Table 69). Which of the offsets are there depends on the
 * options; `checkSdm` says what goes together.
 */
export interface SdmSettings {
  readonly uid: boolean;
  readonly readCounter: boolean;
  /** Key that encrypts PICCData, FREE for plain mirroring, NEVER for none. */
  readonly metaRead: number;
  /** Key of the file's MAC and encryption, or NEVER. */
  readonly fileRead: number;
  readonly counterRead: number;
  readonly uidOffset?: number;
  readonly readCounterOffset?: number;
  readonly piccDataOffset?: number;
  readonly macInputOffset?: number;
  readonly macOffset?: number;
  readonly encOffset?: number;
  readonly encLength?: number;
  readonly readCounterLimit?: number;
}

export type CommMode = "plain" | "mac" | "full";

/** A StandardData file and its non-volatile state. */
export interface ChipFile {
  readonly number: number;
  readonly isoId: number;
  readonly content: Uint8Array;
  commMode: CommMode;
  access: AccessRights;
  sdm: SdmSettings | undefined;
  /** SDMReadCtr, 24 bits. */
  readCounter: number;
}
