/** What the program of an image with slots has beside the product's own. */
import { nativeCrypto } from "./native-crypto.ts";
import type { NodeHost } from "./run-node.ts";
import { sdkRunningSha256 } from "./sdk-running-hash.ts";
import type { SdkCrypt } from "./sdk-symmetric.ts";
import { nativeSlots } from "./slot-natives.ts";
import { type BuiltImage, slotUpdates } from "./slot-updates.ts";

export function updatesOf(
  built: BuiltImage,
  crypt: Pick<SdkCrypt, "Digest">,
): NonNullable<NodeHost["updates"]> {
  const hashes = { keccak: nativeCrypto, sha256: () => sdkRunningSha256(crypt) };
  return (flash) => slotUpdates(flash, nativeSlots, hashes, built);
}
