import type { NfcField } from "../nfc/field.ts";
import type { Pn532Behaviour } from "../pn532/behaviour.ts";
import { Pn532HsuFace } from "../pn532/hsu-face.ts";
import { Pn532 } from "../pn532/pn532.ts";
import type { World } from "../world/world.ts";
import { openPty } from "./pty.ts";
import { paceByWallClock } from "./wall-clock.ts";

export interface Pn532Uart {
  readonly chip: Pn532;
  /** For `LIBNFC_DEVICE=pn532_uart:<path>`, or any other program that talks to a PN532. */
  readonly path: string;
  close(): void;
}

/** Bytes on the line: `>` from the host, `<` from the chip. */
export interface UartBytes {
  readonly from: ">" | "<";
  readonly bytes: Uint8Array;
}

export interface Pn532UartOptions {
  readonly world: World;
  readonly field: NfcField;
  readonly behaviour?: Partial<Pn532Behaviour>;
  readonly onBytes?: (sent: UartBytes) => void;
}

/**
 * The PN532 model on a pseudo terminal, for programs that nobody here wrote. The world must keep
 * pace with the wall clock.
 * @throws port-unavailable where no pseudo terminal can be made
 */
export async function servePn532(options: Pn532UartOptions): Promise<Pn532Uart> {
  const { world, field, behaviour = {}, onBytes } = options;
  const pty = await openPty();
  const chip = new Pn532({ world, field, behaviour });
  const face = new Pn532HsuFace(world, chip, (bytes) => {
    onBytes?.({ from: "<", bytes });
    pty.write(bytes);
  });
  pty.onData((bytes) => {
    onBytes?.({ from: ">", bytes });
    face.receive(bytes);
  });
  return { chip, path: pty.path, close: () => pty.close() };
}

/** The same with a world of its own pace, and a log of all bytes so far. */
export async function openPn532Uart(
  world: World,
  field: NfcField,
  behaviour: Partial<Pn532Behaviour> = {},
): Promise<Pn532Uart & { readonly log: readonly UartBytes[] }> {
  const log: UartBytes[] = [];
  const onBytes = (sent: UartBytes): void => void log.push(sent);
  const uart = await servePn532({ world, field, behaviour, onBytes });
  const stop = paceByWallClock(world);
  const close = (): void => {
    stop();
    uart.close();
  };
  return { ...uart, log, close };
}
