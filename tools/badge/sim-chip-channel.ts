import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type ChipSnapshot, restoreChip, snapshotChip } from "../../host-sim/nfc/chip-snapshot.ts";
import { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { factoryMemory } from "../../host-sim/nfc/ntag424-memory.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { systemRandom } from "../../server/system-random.ts";
import { type CardChannel, pn532CardChannel } from "./card-channel.ts";
import { simReader } from "./sim-reader.ts";

const engines = { crypto: nodeCrypto, random: systemRandom };
/** NXP's manufacturer code (ISO/IEC 7816-6). */
const NXP = 0x04;

/**
 * A simulated chip that lives in a file, which holds its keys, on a simulated PN532; blank when
 * there is no such file. What a command has changed is in the file before its answer is given.
 * @throws storage-corrupt
 */
export async function openSimChip(path: string): Promise<CardChannel> {
  const chip = loadChip(path);
  saveChip(path, chip);
  const { pn532, run } = simReader(chip);
  await run(pn532.open());
  const channel = await run(pn532CardChannel(pn532));
  return {
    uid: channel.uid,
    async transceive(apdu) {
      try {
        return await run(channel.transceive(apdu));
      } finally {
        saveChip(path, chip);
      }
    },
    close: () => run(channel.close()),
  };
}

function loadChip(path: string): Ntag424 {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const uid = Uint8Array.of(NXP, ...systemRandom.bytes(6));
    return new Ntag424(factoryMemory({ uid, ...engines }));
  }
  try {
    return restoreChip(JSON.parse(text) as ChipSnapshot, engines);
  } catch (cause) {
    const message = `${path} is no simulated chip; remove it to begin with a blank one`;
    throw new LatchkeyError("storage-corrupt", { message, cause });
  }
}

/** Old or new, never half. */
function saveChip(path: string, chip: Ntag424): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, JSON.stringify(snapshotChip(chip)), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
