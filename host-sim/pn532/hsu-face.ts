import type { World } from "../world/world.ts";
import { HostFrameReader } from "./host-frame.ts";
import type { Pn532 } from "./pn532.ts";

export interface HsuNoise {
  /** Probabilities per byte, either direction; by seed. */
  readonly drop?: number;
  readonly duplicate?: number;
  readonly flip?: number;
}

/** 8N1. */
const BITS_PER_BYTE = 10;

/**
 * The PN532 as a serial device (UM0701-02 §6.2.3, High Speed UART): the same frames without a
 * status byte, sent when they are there. Bytes that arrive while the chip wakes up are lost, which
 * is why hosts send `55 55 00 …` first.
 */
export class Pn532HsuFace {
  readonly #world: World;
  readonly #chip: Pn532;
  readonly #byteUs: number;
  readonly #noise: HsuNoise;
  readonly #reader = new HostFrameReader();
  readonly #send: (bytes: Uint8Array) => void;
  #arrivesUs = 0;

  /** `send` is called with each frame once its last byte has left. */
  constructor(
    world: World,
    chip: Pn532,
    send: (bytes: Uint8Array) => void,
    options: { readonly baud?: number; readonly noise?: HsuNoise } = {},
  ) {
    this.#world = world;
    this.#chip = chip;
    this.#send = send;
    this.#byteUs = (BITS_PER_BYTE * 1e6) / (options.baud ?? 115_200);
    this.#noise = options.noise ?? {};
    chip.onOffer((offered) => {
      if (offered) this.#sendOffered();
    });
  }

  /** Bytes from the host; they arrive one after the other at the line's speed. */
  receive(bytes: Uint8Array): void {
    for (const byte of this.#garble(bytes)) {
      this.#arrivesUs = Math.max(this.#arrivesUs, this.#world.nowUs()) + this.#byteUs;
      this.#world.after(this.#arrivesUs - this.#world.nowUs(), () => this.#onByte(byte));
    }
  }

  #onByte(byte: number): void {
    const power = this.#chip.power();
    if (power === "asleep") this.#chip.wakeByHsu();
    if (power !== "awake") return;
    const frame = this.#reader.push(byte);
    if (frame !== undefined) this.#chip.link.receive(frame);
  }

  #sendOffered(): void {
    const frame = this.#chip.link.offered;
    if (frame === undefined) return;
    this.#world.after(frame.length * this.#byteUs, () => {
      if (this.#chip.link.offered !== frame) return; // called off meanwhile
      this.#chip.link.taken();
      this.#send(this.#garble(frame));
    });
  }

  #garble(bytes: Uint8Array): Uint8Array {
    const { drop = 0, duplicate = 0, flip = 0 } = this.#noise;
    if (drop + duplicate + flip === 0) return bytes;
    const rng = this.#world.rng("pn532-hsu");
    const out: number[] = [];
    for (const byte of bytes) {
      if (rng.chance(drop)) continue;
      const noisy = rng.chance(flip) ? byte ^ (1 << rng.int(0, 7)) : byte;
      out.push(noisy);
      if (rng.chance(duplicate)) out.push(noisy);
    }
    return Uint8Array.from(out);
  }
}
