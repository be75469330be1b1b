import { NfcField } from "../nfc/field.ts";
import type { World } from "../world/world.ts";
import type { BoxedBadge } from "./badge-box.ts";
import { type Pn532Uart, servePn532 } from "./pn532-uart.ts";

/**
 * A PN532 on the technician's desk, beside the reader: the chip model behind a pseudo terminal
 * and a field of its own, on which at most one badge lies.
 */
export class DeskDongle {
  readonly #field: NfcField;
  readonly #uart: Pn532Uart;
  #lying: BoxedBadge | undefined;

  private constructor(field: NfcField, uart: Pn532Uart) {
    this.#field = field;
    this.#uart = uart;
  }

  /** @throws port-unavailable */
  static async plugIn(world: World): Promise<DeskDongle> {
    const field = new NfcField(world);
    return new DeskDongle(field, await servePn532({ world, field }));
  }

  /** The serial port that other programs open. */
  get path(): string {
    return this.#uart.path;
  }

  /** Puts a badge down, in place of one that lies there. */
  lay(badge: BoxedBadge): void {
    if (this.#lying !== undefined) this.lift(this.#lying);
    this.#lying = badge;
    this.#field.enter(badge.card, badge.faults);
  }

  /** Takes a badge away; false when it does not lie there. */
  lift(badge: BoxedBadge): boolean {
    if (this.#lying?.card !== badge.card) return false;
    this.#lying = undefined;
    this.#field.leave(badge.card);
    return true;
  }

  unplug(): void {
    this.#uart.close();
  }
}
