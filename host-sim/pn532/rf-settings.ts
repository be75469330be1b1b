/** Sizes of the analog settings that RFConfiguration takes (UM0701-02 §7.3.1). */
const ANALOG_SIZES: Readonly<Record<number, number>> = Object.freeze({
  10: 11,
  11: 8,
  12: 3,
  13: 9,
});

const AUTO_RATS = 0x10;
const REMOVE_PRE_POST_AMBLE = 0x40;

/** What RFConfiguration and SetParameters set, with the values after a reset. */
export class RfSettings {
  /** MxRtyPassiveActivation; 0xff tries for ever. */
  passiveRetries = 0xff;
  /** MxRtyCOM. */
  exchangeRetries = 0;
  /** fRetryTimeout: how long non-DEP exchanges and InCommunicateThru wait. */
  exchangeTimeoutUs = 51_200;
  #parameters = 0x14;

  reset(): void {
    this.passiveRetries = 0xff;
    this.exchangeRetries = 0;
    this.exchangeTimeoutUs = 51_200;
    this.#parameters = 0x14;
  }

  setParameters(flags: number): void {
    this.#parameters = flags;
  }

  get autoRats(): boolean {
    return (this.#parameters & AUTO_RATS) !== 0;
  }

  get bareFrames(): boolean {
    return (this.#parameters & REMOVE_PRE_POST_AMBLE) !== 0;
  }

  /** One item of RFConfiguration but the field's; false when it does not have its form. */
  configure(item: number, data: Uint8Array): boolean {
    if (item === 0x02 && data.length === 3) {
      const timeout = timeoutUs(data[2]!);
      if (timeout === undefined) return false;
      this.exchangeTimeoutUs = timeout;
      return true;
    }
    if (item === 0x04 && data.length === 1) {
      this.exchangeRetries = data[0]!;
      return true;
    }
    if (item === 0x05 && data.length === 3) {
      this.passiveRetries = data[2]!;
      return true;
    }
    return ANALOG_SIZES[item] === data.length;
  }
}

/** 100 µs · 2^(code - 1); 0 is no limit, which here is the largest. */
function timeoutUs(code: number): number | undefined {
  if (code > 0x10) return undefined;
  return 100 * 2 ** ((code === 0 ? 0x10 : code) - 1);
}
