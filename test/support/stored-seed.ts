import { layOutFlash } from "../../firmware/journal/flash-layout.ts";
import { Journal } from "../../firmware/journal/journal.ts";
import { nodeStorage } from "../../firmware/node-storage.ts";
import type { Flash, System } from "../../firmware/platform.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { NODE_KEY_NAME } from "../../protocol/node/node-key.ts";

/** The seed that a board keeps sealed in its flash: for tests that look for it elsewhere. */
export function storedSeed(board: { readonly flash: Flash; readonly chipId: string }): Uint8Array {
  const system = { chipId: board.chipId } as System;
  const random = {
    bytes: (): never => {
      throw new Error("the board has no key yet");
    },
  };
  const journal = new Journal(layOutFlash(board.flash).values);
  const seed = nodeStorage({ crypto, random, system }, journal).get(NODE_KEY_NAME);
  if (seed === undefined) throw new Error("the board has no key yet");
  return seed;
}
