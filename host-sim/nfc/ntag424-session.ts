import type { SecureChannel } from "./ntag424-channel.ts";
import type { ChipFile } from "./ntag424-file.ts";

/** The authenticated state (§9): which key, and the secure messaging that came of it. */
export interface Authentication {
  readonly keyNumber: number;
  /** Transaction identifier, 4 bytes. */
  readonly ti: Uint8Array;
  /** CmdCtr, 16 bits. */
  commandCounter: number;
  readonly channel: SecureChannel;
}

/** An authentication between its two parts. */
export interface Handshake {
  readonly kind: "authenticate";
  readonly keyNumber: number;
  /** `undefined`: a key that nobody outside NXP knows. */
  readonly key: Uint8Array | undefined;
  readonly origin: "application" | "picc";
  readonly rndB: Uint8Array;
  /** PCDCap2 cut or filled up to 6 bytes; absent for a non-first authentication. */
  readonly pcdCap: Uint8Array | undefined;
  /** New, or the one that a non-first authentication goes on with. */
  readonly ti: Uint8Array;
  readonly commandCounter: number;
}

/** GetVersion between its frames: what was sent so far. */
export interface VersionChain {
  readonly kind: "version";
  readonly sent: readonly Uint8Array[];
}

/** What the chip forgets when the field goes off. */
export interface ChipSession {
  /** The PICC level (MF) is selected after activation, the application after ISOSelectFile. */
  level: "picc" | "application";
  selected: ChipFile | undefined;
  /** A command of several frames that waits for its next AF. */
  pending: Handshake | VersionChain | undefined;
  /** The read whose counter, padding and MAC its continuations share (§9.3.1, §9.3.4). */
  sdmRead: { readonly ins: number; readonly file: ChipFile; content: Uint8Array } | undefined;
  authentication: Authentication | undefined;
}

export function freshSession(): ChipSession {
  return {
    level: "picc",
    selected: undefined,
    pending: undefined,
    sdmRead: undefined,
    authentication: undefined,
  };
}
