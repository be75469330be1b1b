import { crc32 } from "../../protocol/encoding/crc32.ts";
import { fromUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { CONFIG_BYTES_MAX } from "./config-slot.ts";

/**
 * A configuration as it comes in piece by piece. Every step may be repeated: an answer can get
 * lost. What was collected is overwritten once it is taken out or a new one begins.
 */
export class ConfigUpload {
  #bytes = new Uint8Array(0);
  #crc = 0;
  #got = 0;

  /** @param data length and CRC-32 of what follows, big-endian @throws provisioning-damaged */
  begin(data: Uint8Array): void {
    const [a, b, c, d, e, f] = data;
    if (data.length !== 6) throw damaged("the announcement has a wrong length");
    const length = (a! << 8) | b!;
    if (length === 0 || length > CONFIG_BYTES_MAX)
      throw new LatchkeyError("config-invalid", {
        message: `the configuration has ${length} bytes; there is room for ${CONFIG_BYTES_MAX}`,
      });
    this.wipe();
    this.#bytes = new Uint8Array(length);
    this.#crc = ((c! << 24) | (d! << 16) | (e! << 8) | f!) >>> 0;
  }

  /**
   * Gives back how many bytes there are now.
   * @param data offset and bytes
   * @throws provisioning-damaged
   */
  piece(data: Uint8Array): number {
    const offset = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
    const bytes = data.subarray(2);
    if (bytes.length === 0) throw damaged("a piece is empty");
    if (offset > this.#got) throw damaged(`a piece before byte ${offset} is missing`);
    if (offset + bytes.length > this.#bytes.length) throw damaged("more came than was announced");
    this.#bytes.set(bytes, offset);
    this.#got = Math.max(this.#got, offset + bytes.length);
    return this.#got;
  }

  /** The whole text; then it is forgotten here. @throws provisioning-damaged */
  take(): string {
    const length = this.#bytes.length;
    if (length === 0) throw damaged("no configuration was sent");
    if (this.#got < length) throw damaged(`only ${this.#got} of ${length} bytes came`);
    if (crc32(this.#bytes) !== this.#crc) throw damaged("the checksum is wrong");
    try {
      return fromUtf8(this.#bytes, "configuration");
    } catch {
      throw damaged("it is not UTF-8");
    } finally {
      this.wipe();
    }
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#bytes = new Uint8Array(0);
    this.#got = 0;
  }
}

function damaged(why: string): LatchkeyError {
  const message = `the configuration did not arrive whole: ${why}`;
  return new LatchkeyError("provisioning-damaged", { message });
}
