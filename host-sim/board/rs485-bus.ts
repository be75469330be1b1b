import type { World } from "../world/world.ts";
import type { SerialLine } from "./serial.ts";

export interface Rs485Options {
  readonly world: World;
  readonly baud: number;
}

export interface Rs485Faults {
  /** Chance that a burst of up to 8 bytes gets one of them changed. */
  flip: number;
  /** Chance that a burst vanishes. */
  drop: number;
  /** The pair is cut. */
  cut: boolean;
}

interface Member {
  readonly line: SerialLine;
  /** Level of DE; always driving on a plain cable. */
  readonly drives: () => boolean;
  spokeUntilUs: number;
}

/**
 * Two wires with several transceivers on them. What one drives all others hear, at the same time;
 * where two drive at once, everybody hears rubbish. A transceiver whose DE is low swallows what
 * its UART sends.
 */
export class Rs485Bus {
  readonly #options: Rs485Options;
  readonly #members: Member[] = [];
  readonly faults: Rs485Faults = { flip: 0, drop: 0, cut: false };
  readonly stats = { bytes: 0, collisions: 0, undriven: 0 };

  constructor(options: Rs485Options) {
    this.#options = options;
  }

  /** Connects a UART. `drives` is read when its bytes are on the wire. */
  attach(line: SerialLine, drives: () => boolean = () => true): void {
    const member = { line, drives, spokeUntilUs: -1 };
    this.#members.push(member);
    line.onData((bytes) => this.#spoken(member, bytes));
  }

  #spoken(speaker: Member, bytes: Uint8Array): void {
    const { world, baud } = this.#options;
    if (!speaker.drives()) {
      this.stats.undriven += bytes.length;
      return;
    }
    const nowUs = world.nowUs();
    const sinceUs = nowUs - (bytes.length * 10 * 1e6) / baud;
    const clash = this.#members.some(
      (other) => other !== speaker && other.spokeUntilUs > sinceUs + 1,
    );
    speaker.spokeUntilUs = nowUs;
    if (clash) this.stats.collisions++;
    if (this.faults.cut) return;
    const heard = this.#disturbed(bytes, clash);
    this.stats.bytes += heard.length;
    for (const other of this.#members) if (other !== speaker) other.line.arrive(heard);
  }

  #disturbed(bytes: Uint8Array, clash: boolean): number[] {
    const rng = this.#options.world.rng("rs485");
    const { flip, drop } = this.faults;
    if (drop > 0 && rng.chance(drop)) return [];
    const heard = [...bytes];
    if (clash) return heard.map((byte) => byte & rng.int(0, 255));
    if (flip > 0 && rng.chance(flip)) {
      const at = rng.int(0, heard.length - 1);
      heard[at] = heard[at]! ^ (1 << rng.int(0, 7));
    }
    return heard;
  }
}
