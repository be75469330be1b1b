/** What the program of an image with slots has beside the product's own. */
import { nativeRunningSha256 } from "../../../hal/native/native-symmetric.ts";
import { nativeCrypto } from "./native-crypto.ts";
import type { NodeHost } from "./run-node.ts";
import { nativeSlots } from "./slot-natives.ts";
import { type BuiltImage, slotUpdates } from "./slot-updates.ts";

export function updatesOf(built: BuiltImage): NonNullable<NodeHost["updates"]> {
  const hashes = { keccak: nativeCrypto, sha256: () => nativeRunningSha256(nativeCrypto) };
  return (flash) => slotUpdates(flash, nativeSlots, hashes, built);
}
