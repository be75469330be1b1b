import { fromHex } from "../../protocol/encoding/hex.ts";
import { type Card, type CardAnswer, RANDOM_UID_TAG } from "./card.ts";
import { decodeApdu } from "./ntag424-apdu.ts";
import type { Chip } from "./ntag424-chip.ts";
import { type ChipFile, checkSdm, type SdmSettings } from "./ntag424-file.ts";
import { isoCommand } from "./ntag424-iso.ts";
import { type ChipMemory, NTAG424_TIMES_US } from "./ntag424-memory.ts";
import { nativeCommand } from "./ntag424-native.ts";
import { freshSession } from "./ntag424-session.ts";
import { type ChipAnswer, ISO, NATIVE } from "./ntag424-status.ts";

/**
 * An NTAG 424 DNA (NT4H2421Gx, data sheet rev. 3.0), written from the chip's side: it shares AES
 * with the rest of the project and nothing else, so that a driver and its card cannot agree on
 * a misreading.
 */
export class Ntag424 implements Card {
  readonly sak = 0x20;
  readonly ats = fromHex("067777710280");
  readonly memory: ChipMemory;
  readonly #chip: Chip;
  #shownUid: Uint8Array;

  constructor(memory: ChipMemory) {
    this.memory = memory;
    this.#chip = { memory, session: freshSession(), spentUs: 0 };
    this.#shownUid = memory.uid;
  }

  /** The UID of anticollision; under Random ID a new one at every power-up. */
  get uid(): Uint8Array {
    return this.#shownUid.slice();
  }

  get atqa(): number {
    return this.#shownUid.length === 4 ? 0x0304 : 0x0344;
  }

  fieldOn(): void {
    this.#chip.session = freshSession();
    this.#shownUid = this.memory.randomId
      ? Uint8Array.of(RANDOM_UID_TAG, ...this.memory.random.bytes(3))
      : this.memory.uid;
  }

  fieldOff(): void {
    this.#chip.session = freshSession();
  }

  deselect(): void {
    this.#chip.session = freshSession();
  }

  apdu(command: Uint8Array): CardAnswer {
    const chip = this.#chip;
    const blocksBefore = this.memory.aes.blocks;
    chip.spentUs = NTAG424_TIMES_US.command;
    const { sw, data } = this.#execute(command);
    const response = new Uint8Array((data?.length ?? 0) + 2);
    if (data !== undefined) response.set(data);
    response.set([sw >> 8, sw & 0xff], response.length - 2);
    const blocks = this.memory.aes.blocks - blocksBefore;
    return { response, timeUs: chip.spentUs + blocks * NTAG424_TIMES_US.aesBlock };
  }

  /** A file, for those who set up a badge. @throws RangeError when there is none */
  file(number: 1 | 2 | 3): ChipFile {
    return this.memory.files[number - 1]!;
  }

  /**
   * Switches SDM of the NDEF file on, as ChangeFileSettings does: the counter starts at 0.
   * @throws RangeError naming the rule that the chip would answer PARAMETER_ERROR for
   */
  enableSdm(settings: SdmSettings): void {
    const file = this.file(2);
    const violated = checkSdm(settings, file.content.length, 0);
    if (violated !== undefined) throw new RangeError(`SDM: ${violated}`);
    file.sdm = settings;
    file.readCounter = 0;
  }

  #execute(command: Uint8Array): ChipAnswer {
    const chip = this.#chip;
    const native = command[0] === 0x90;
    const apdu = decodeApdu(command);
    const { pending, sdmRead } = chip.session;
    // Any command that is not a further read of the same kind ends the read's SDM data.
    if (sdmRead !== undefined && command[1] !== sdmRead.ins) chip.session.sdmRead = undefined;
    if (pending !== undefined && !(native && apdu?.ins === 0xaf)) {
      chip.session.pending = undefined;
      return { sw: native ? NATIVE.COMMAND_ABORTED : ISO.CONDITIONS_OF_USE };
    }
    if (apdu === undefined) return { sw: native ? NATIVE.LENGTH_ERROR : ISO.WRONG_LENGTH };
    if (native) return nativeCommand(chip, apdu);
    return apdu.cla === 0x00 ? isoCommand(chip, apdu) : { sw: ISO.CLA_UNKNOWN };
  }
}
