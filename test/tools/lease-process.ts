/** A process of its own: reserves uses from a folder of leases, and prints each. */
import { LeaseKeeper } from "../../protocol/claims/lease.ts";
import { portableSha3 as sha3 } from "../../protocol/crypto/portable-sha3.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { FileLeaseStore, FileLeaseWitness } from "../../tools/file-lease-store.ts";
import { purpose, seed } from "../protocol/lease-bench.ts";

const [, , folder = "", count = "0"] = process.argv;
const store = new FileLeaseStore(`${folder}/store`);
const witness = new FileLeaseWitness(`${folder}/witness`);
const keeper = new LeaseKeeper({ sha3, store, witness, nowMs: () => 1 });

for (let given = 0; given < Number(count); ) {
  try {
    console.log(await keeper.reserve(seed, purpose));
    given++;
  } catch (error) {
    if (!isLatchkeyError(error, "busy")) throw error;
  }
}
