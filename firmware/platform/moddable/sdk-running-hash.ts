import type { RunningHash } from "../../../protocol/crypto/running-sha256.ts";
import { exact, type SdkCrypt } from "./sdk-symmetric.ts";

/** SHA-256 of the SDK, in C, piece by piece: an image of a megabyte takes it a second. */
export function sdkRunningSha256({ Digest }: Pick<SdkCrypt, "Digest">): RunningHash {
  const hash = new Digest("SHA256");
  return {
    update: (bytes) => {
      if (bytes.length > 0) hash.write(exact(bytes));
    },
    digest: () => new Uint8Array(hash.close()),
  };
}
