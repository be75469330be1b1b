/** A process of its own: delegates again and again, and prints the id of each claim. */

import { Authority } from "../../tools/authority/authority.ts";
import { PASSPHRASE, sha3 } from "./authority-bench.ts";

const [, , folder = "", witness = "", delegatedAddress = "", count = "0"] = process.argv;
const authority = new Authority({ folder, witness, sha3, nowMs: () => Date.now(), cost: 2 ** 14 });

for (let given = 0; given < Number(count); given++) {
  const scopes = ["door:open", `of:${process.pid}-${given}`];
  const { claim } = await authority.delegate({ delegatedAddress, scopes }, PASSPHRASE);
  console.log(claim.id);
}
