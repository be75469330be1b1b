import type { ChipFile } from "./ntag424-file.ts";

/** What the chip forgets when the field goes off. */
export interface ChipSession {
  /** The PICC level (MF) is selected after activation, the application after ISOSelectFile. */
  level: "picc" | "application";
  selected: ChipFile | undefined;
  /** A command of several frames that waits for its next AF. */
  pending: { readonly ins: number; readonly frame: number } | undefined;
  /** The read whose counter, padding and MAC its continuations share (§9.3.1, §9.3.4). */
  sdmRead: { readonly ins: number; readonly file: ChipFile; content: Uint8Array } | undefined;
  /** Key number of the authentication, while there is one. */
  authenticated: number | undefined;
}

export function freshSession(): ChipSession {
  return {
    level: "picc",
    selected: undefined,
    pending: undefined,
    sdmRead: undefined,
    authenticated: undefined,
  };
}
