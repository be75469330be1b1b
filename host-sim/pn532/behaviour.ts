/** How one specimen behaves where the documents leave room or the boards differ. */
export interface Pn532Behaviour {
  /** From the rise of RSTPD_N until the chip answers. */
  readonly bootUs: number;
  /** From the first addressed byte until the chip is awake. */
  readonly wakeUs: number;
  /**
   * What a sleeping chip does with the write that wakes it: holds SCL until it is awake (libnfc,
   * drivers/pn532_i2c.c), or does not acknowledge and wants it again.
   */
  readonly asleep: "stretch" | "nack";
  /** From the end of a command until its ACK can be read. */
  readonly ackUs: number;
  /** From the reading of the ACK until a response that is there can be read. */
  readonly turnUs: number;
  /**
   * Probability that a read while a command runs is not acknowledged at all; otherwise it gives
   * the status byte 00. Measured on a board without IRQ: 10-50 NACKs per answer (au-ts/sddf#239).
   */
  readonly busyNack: number;
  /** The answer to a frame with a wrong checksum, length or TFI. */
  readonly badFrame: "silence" | "nack" | "error-frame";
  /** A NACK when there is nothing to repeat "crashes the bus" (ashitaka1/go-pn532, notes). */
  readonly spuriousNack: "wedge" | "ignore";
  /** Whether the chip at LowVbat ignores everything but SAMConfiguration. */
  readonly lowVbat: "strict" | "lenient";
  /** Firmware time per command, code → µs; `DEFAULT_COMMAND_US` for those not named. */
  readonly commandUs: Readonly<Record<number, number>>;
  /** The times above vary by this part of themselves, by seed. */
  readonly jitter: number;
  /**
   * One try of InListPassiveTarget when nobody answers. MxRtyPassiveActivation 0x20, so 33 tries,
   * took 4.8 s (ashitaka1/go-pn532, notes).
   */
  readonly passiveTryUs: number;
  /**
   * With which request the chip looks for cards. libnfc counts on a halted card not being found
   * again (nfc_initiator_list_passive_targets), so it is REQA; with a UID given it is always WUPA,
   * since libfreefare finds the cards again that libnfc has halted (mifare_desfire_connect).
   */
  readonly request: "REQA" | "WUPA";
  /** Frame size that RATS announces: 5 is 64 bytes, the size of the CIU's FIFO. */
  readonly fsdi: number;
  /** Bytes of DataIn in one answer of InDataExchange (UM0701-02 §7.3.8). */
  readonly dataInMax: number;
}

/** Firmware time of a command that is not named: an assumption, about 1 ms on an 80C51. */
export const DEFAULT_COMMAND_US = 900;

export const TYPICAL: Pn532Behaviour = Object.freeze({
  bootUs: 3000,
  wakeUs: 1000,
  asleep: "stretch",
  ackUs: 400,
  turnUs: 100,
  busyNack: 0.5,
  badFrame: "silence",
  spuriousNack: "wedge",
  lowVbat: "strict",
  commandUs: Object.freeze({ 20: 1500, 64: 1100, 66: 1100, 74: 1400 }),
  jitter: 0.1,
  passiveTryUs: 145_500,
  request: "REQA",
  fsdi: 5,
  dataInMax: 262,
});
