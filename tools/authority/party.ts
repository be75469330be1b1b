import { isAddress } from "../../protocol/claims/address.ts";
import { nodeAddress } from "../../protocol/claims/node-address.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { fromBase64 } from "../../protocol/encoding/base64.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";

/**
 * The address of whom a claim is about: the option that names an address, or `--node`, a node's
 * public key as its console shows it (hexadecimal) or as it goes over the wire (base64url).
 * @throws usage
 */
export function addressFrom(sha3: Sha3, args: Arguments, option: string): string {
  const address = args.text(option);
  const node = args.text("node");
  if ((address === undefined) === (node === undefined))
    throw usageError(`one of --${option} and --node is needed`, option);
  if (node !== undefined) return nodeAddress(sha3, nodeKey(node));
  if (!isAddress(sha3, address))
    throw usageError(
      `--${option} is no address: Mx and 61 digits, as \`latchkey authority resolve\` shows them`,
      option,
    );
  return address;
}

function nodeKey(text: string): Uint8Array {
  try {
    const key = /^[0-9A-Fa-f]{64}$/.test(text) ? fromHex(text) : fromBase64(text);
    if (key.length === 32) return key;
  } catch {
    // Told below.
  }
  throw usageError(
    "--node is a node's public key, 32 bytes: node_pk, as `id` on its console shows it",
    "node",
  );
}
