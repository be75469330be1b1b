import { fromHex } from "../../protocol/encoding/hex.ts";
import { type Card, type CardAnswer, RANDOM_UID_TAG } from "./card.ts";
import { type DecodedApdu, decodeApdu } from "./ntag424-apdu.ts";
import type { Chip } from "./ntag424-chip.ts";
import type { ChipFile, SdmSettings } from "./ntag424-file.ts";
import { isoCommand } from "./ntag424-iso.ts";
import { type ChipMemory, NTAG424_TIMES_US } from "./ntag424-memory.ts";
import { nativeCommand } from "./ntag424-native.ts";
import { checkSdm } from "./ntag424-sdm-rules.ts";
import { freshSession } from "./ntag424-session.ts";
import { type ChipAnswer, ISO, NATIVE } from "./ntag424-status.ts";
import { programPart, rememberMemory } from "./ntag424-torn.ts";

/** What has become of a command whose power went before its answer. */
export type Tearing = "done" | "undone" | "random";

/**
 * An NTAG 424 DNA (NT4H2421Gx, data sheet rev. 3.0), written from the chip's side: it shares AES
 * with the rest of the project and nothing else, so that a driver and its card cannot agree on
 * a misreading.
 */
export class Ntag424 implements Card {
  readonly sak = 0x20;
  readonly ats = fromHex("067777710280");
  readonly memory: ChipMemory;
  /** Both are possible on a real chip; which, is the scenario's choice. */
  tearing: Tearing = "done";
  readonly #chip: Chip;
  #shownUid: Uint8Array;
  /** Takes back what the last command wrote. */
  #undo: () => void = () => undefined;

  constructor(memory: ChipMemory) {
    this.memory = memory;
    this.#chip = { memory, session: freshSession(), spentUs: 0, chainedBytes: 0 };
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

  apdu(command: Uint8Array, chainedBytes = 0): CardAnswer {
    const chip = this.#chip;
    const { aes } = this.memory;
    const [blocks, lrpSteps] = [aes.blocks, aes.lrpSteps];
    this.#undo = rememberMemory(this.memory);
    chip.spentUs = NTAG424_TIMES_US.command;
    chip.chainedBytes = chainedBytes;
    const { sw, data } = this.#execute(command);
    const response = new Uint8Array((data?.length ?? 0) + 2);
    if (data !== undefined) response.set(data);
    response.set([sw >> 8, sw & 0xff], response.length - 2);
    const cryptoUs =
      (aes.blocks - blocks) * NTAG424_TIMES_US.aesBlock +
      (aes.lrpSteps - lrpSteps) * NTAG424_TIMES_US.lrpStep;
    return { response, timeUs: chip.spentUs + cryptoUs };
  }

  torn(received?: Uint8Array): void {
    if (received !== undefined) {
      // Each frame that came is written. The one that was cut off is not.
      programPart(this.#chip, received);
      return;
    }
    const undone =
      this.tearing === "undone" ||
      (this.tearing === "random" && (this.memory.random.bytes(1)[0]! & 1) === 1);
    if (undone) this.#undo();
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
    const cipher = this.memory.configuration.lrp ? "lrp" : "aes";
    const violated = checkSdm(settings, file.content.length, 0, cipher);
    if (violated !== undefined) throw new RangeError(`SDM: ${violated}`);
    file.sdm = settings;
    file.readCounter = 0;
  }

  #execute(command: Uint8Array): ChipAnswer {
    const { session } = this.#chip;
    const native = command[0] === 0x90;
    const apdu = decodeApdu(command);
    const { pending, sdmRead } = session;
    // Any command that is not a further read of the same kind ends the read's SDM data.
    if (sdmRead !== undefined && command[1] !== sdmRead.ins) session.sdmRead = undefined;
    if (pending !== undefined && !(native && apdu?.ins === 0xaf)) {
      session.pending = undefined;
      session.authentication = undefined;
      return { sw: native ? NATIVE.COMMAND_ABORTED : ISO.CONDITIONS_OF_USE };
    }
    if (apdu === undefined) {
      if (!native) return { sw: ISO.WRONG_LENGTH };
      session.authentication = undefined;
      return { sw: NATIVE.LENGTH_ERROR };
    }
    if (native) return this.#native(command, apdu);
    return apdu.cla === 0x00 ? isoCommand(this.#chip, apdu) : { sw: ISO.CLA_UNKNOWN };
  }

  #native(command: Uint8Array, apdu: DecodedApdu): ChipAnswer {
    const chip = this.#chip;
    const { authentication } = chip.session;
    const answer = nativeCommand(chip, apdu);
    if (answer.sw === NATIVE.INTEGRITY_ERROR && chip.chainedBytes > 0) {
      // Its MAC came too late for the frames before the last.
      const now = chip.session.authentication;
      chip.session.authentication = authentication;
      programPart(chip, command.slice(0, chip.chainedBytes));
      chip.session.authentication = now;
    }
    return answer;
  }
}
