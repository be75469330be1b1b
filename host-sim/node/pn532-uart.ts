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
  /** All bytes so far: `>` from the host, `<` from the chip. */
  readonly log: readonly { readonly from: ">" | "<"; readonly bytes: Uint8Array }[];
  close(): void;
}

/**
 * The PN532 model on a pseudo terminal, at the speed of the wall clock, for programs that nobody
 * here wrote.
 */
export async function openPn532Uart(
  world: World,
  field: NfcField,
  behaviour: Partial<Pn532Behaviour> = {},
): Promise<Pn532Uart> {
  const pty = await openPty();
  const chip = new Pn532({ world, field, behaviour });
  const log: { from: ">" | "<"; bytes: Uint8Array }[] = [];
  const face = new Pn532HsuFace(world, chip, (bytes) => {
    log.push({ from: "<", bytes });
    pty.write(bytes);
  });
  pty.onData((bytes) => {
    log.push({ from: ">", bytes });
    face.receive(bytes);
  });
  const stop = paceByWallClock(world);
  return {
    chip,
    path: pty.path,
    log,
    close: () => {
      stop();
      pty.close();
    },
  };
}
