import { isLatchkeyError, LatchkeyError, malformed } from "../../protocol/errors.ts";
import { Deadline, delay, type Timing } from "../timing.ts";
import {
  assertFamily,
  configurationByte,
  FAMILY,
  formatAddress,
  parseAddress,
  parseScratchpad,
  SCRATCHPAD_BYTES,
  type Scratchpad,
} from "./ds18b20-memory.ts";
import type { OneWire, OneWireRom } from "./onewire.ts";
import { nobodyAnswers } from "./onewire-trouble.ts";
import type { Sensor } from "./sensor.ts";

/** Names as in ESPHome's `dallas_temp`. */
export interface DS18B20Settings {
  /** Bits, 9 to 12; 12 unless told. */
  readonly resolution?: number;
}

export interface DS18B20Options extends Timing, DS18B20Settings {
  readonly sensor: {
    /** Shared by all probes of the bus; whoever made it closes it. */
    readonly bus: OneWire;
    /** Needed as soon as there are several probes: `0x…28`, as a search prints it. */
    readonly address?: string;
  };
}

export interface DS18B20Sample {
  /** °C */
  readonly temperature: number;
}

/** Function commands (data sheet, "DS18B20 Function Commands"). */
const CONVERT_T = 0x44;
const WRITE_SCRATCHPAD = 0x4e;
const READ_SCRATCHPAD = 0xbe;
const RECALL = 0xb8;
const READ_POWER_SUPPLY = 0xb4;

/** t_CONV at 12 bits (data sheet, "AC Electrical Characteristics"); each bit less halves it. */
const CONVERT_MS = 750;
/** How much longer a part may take before it is given up: clones differ. */
const CONVERT_GRACE_MS = 250;
const POLL_MS = 10;
/** Reading again costs 12 ms and harms nothing. */
const READ_TRIES = 3;

/** Operating range (data sheet, front page). */
const CELSIUS_MIN = -55;
const CELSIUS_MAX = 125;

/** A probe, and what was written to its scratchpad: alarm limits that are not in its EEPROM. */
interface Probe {
  readonly rom: OneWireRom;
  readonly high: number;
  readonly low: number;
  readonly resolution: number;
}

/**
 * The DS18B20 thermometer, any number of them on one 1-Wire bus.
 *
 * After power-up the chip shows 85 °C with a valid CRC, which is also a temperature that it may
 * measure. So that one is never taken for the other, the driver writes the complement of the
 * stored alarm limits into the scratchpad: a chip that lost its power since has the stored ones
 * again, and whatever it shows is refused (`sensor-power-on-value`). And a conversion counts only
 * when the chip was seen busy with it. The EEPROM is never written.
 *
 * Probes on parasite power are refused (`sensor-no-supply`): a conversion draws 1.5 mA for
 * 750 ms, which the pull-up cannot give; it ends in a wrong value.
 */
export class DS18B20 implements Sensor<DS18B20Sample> {
  readonly #bus: OneWire;
  readonly #timing: Timing;
  readonly #wanted: OneWireRom | undefined;
  #resolution = 12;
  #probe: Probe | undefined;
  #measuring = false;
  #fresh: DS18B20Sample | undefined;

  /** @throws malformed, sensor-checksum, sensor-wrong-chip for an address that cannot be one */
  constructor(options: DS18B20Options) {
    const { sensor, clock, timer } = options;
    this.#bus = sensor.bus;
    this.#timing = { clock, timer };
    this.#wanted = sensor.address === undefined ? undefined : parseAddress(sensor.address);
    this.configure(options);
  }

  /** The probe that it speaks to, once it was found. */
  get address(): string | undefined {
    const rom = this.#wanted ?? this.#probe?.rom;
    return rom === undefined ? undefined : formatAddress(rom);
  }

  /** Takes effect with the next measurement. @throws malformed */
  configure({ resolution = this.#resolution }: DS18B20Settings): void {
    if (![9, 10, 11, 12].includes(resolution)) throw malformed("resolution", "9, 10, 11 or 12");
    this.#resolution = resolution;
  }

  /** What the last `measure` gave, once. */
  sample(): DS18B20Sample | undefined {
    const sample = this.#fresh;
    this.#fresh = undefined;
    return sample;
  }

  /**
   * Converts, waits and reads: 0.1 s at 9 bits, 0.8 s at 12. Probes of one bus take turns.
   * @throws busy, sensor-absent, sensor-address-clash, sensor-wrong-chip, sensor-no-supply,
   * sensor-bus, sensor-checksum, sensor-timeout, sensor-power-on-value, sensor-out-of-range,
   * serial-lost
   */
  async measure(): Promise<DS18B20Sample> {
    if (this.#measuring) throw new LatchkeyError("busy");
    this.#measuring = true;
    try {
      const isReady = this.#probe?.resolution === this.#resolution;
      const probe = isReady ? this.#probe! : await this.#prepare(this.#resolution);
      this.#probe = probe;
      const converted = await this.#convert(probe);
      // A probe that did not start is silent, restarted or deaf: its scratchpad tells.
      this.#fresh = { temperature: await this.#result(probe, converted) };
      return this.#fresh;
    } catch (error) {
      // Whatever it was, the probe may be another one or have restarted: look again.
      this.#probe = undefined;
      const gone = this.#wanted !== undefined && isLatchkeyError(error, "sensor-absent");
      throw gone ? await this.#whoIsThere(error) : error;
    } finally {
      this.#measuring = false;
    }
  }

  /** Frees nothing: the bus belongs to whoever made it. */
  close(): void {
    this.#probe = undefined;
    this.#fresh = undefined;
  }

  /** Finds the probe, checks its supply, and gives it its resolution and its mark. */
  async #prepare(resolution: number): Promise<Probe> {
    const rom = this.#wanted ?? (await this.#onlyProbe());
    await this.#bus.exclusive(async () => {
      await this.#bus.select(rom);
      if ((await this.#bus.ask(READ_POWER_SUPPLY)) === 0) {
        throw new LatchkeyError("sensor-no-supply");
      }
      await this.#bus.select(rom);
      await this.#bus.write([RECALL]);
    });
    const stored = await this.#scratchpad(rom);
    const probe = { rom, high: stored.high ^ 0xff, low: stored.low ^ 0xff, resolution };
    await this.#bus.exclusive(async () => {
      await this.#bus.select(rom);
      const configuration = configurationByte(resolution);
      await this.#bus.write([WRITE_SCRATCHPAD, probe.high, probe.low, configuration]);
    });
    const written = await this.#scratchpad(rom);
    if (written.high !== probe.high || written.low !== probe.low) {
      throw new LatchkeyError("sensor-bus", {
        message: "The probe did not keep what was written to its scratchpad.",
      });
    }
    if (written.resolution !== resolution) {
      throw new LatchkeyError("sensor-wrong-chip", {
        message: `The probe always measures with ${written.resolution} bits: set that resolution.`,
        detail: { address: formatAddress(rom) },
      });
    }
    return probe;
  }

  /** The one DS18B20 on the bus. */
  async #onlyProbe(): Promise<OneWireRom> {
    const found = await this.#bus.search();
    const probes = found.filter((rom) => rom[0] === FAMILY);
    if (probes.length > 1) {
      throw new LatchkeyError("sensor-address-clash", {
        message: "There are several probes on the 1-Wire bus: give each sensor its `address`.",
        detail: { found: probes.map(formatAddress).join(" ") },
      });
    }
    if (probes[0] !== undefined) return probes[0];
    if (found[0] !== undefined) assertFamily(found[0]);
    throw nobodyAnswers();
  }

  /**
   * One conversion, seen to begin and to end. The bus is held meanwhile: the chip says that it is
   * busy only until the next reset.
   */
  #convert(probe: Probe): Promise<boolean> {
    const { clock, timer } = this.#timing;
    return this.#bus.exclusive(async () => {
      await this.#bus.select(probe.rom);
      if ((await this.#bus.ask(CONVERT_T)) === 1) return false;
      await delay(timer, CONVERT_MS / (1 << (12 - probe.resolution)));
      const deadline = new Deadline(clock, CONVERT_GRACE_MS);
      while ((await this.#bus.readBit()) === 0) {
        if (deadline.passed) throw new LatchkeyError("sensor-timeout");
        await delay(timer, POLL_MS);
      }
      return true;
    });
  }

  /** The temperature behind a conversion. */
  async #result(probe: Probe, converted: boolean): Promise<number> {
    const { celsius, high, low, resolution } = await this.#scratchpad(probe.rom);
    if (high !== probe.high || low !== probe.low || resolution !== probe.resolution) {
      throw new LatchkeyError("sensor-power-on-value", {
        message: "The probe lost its power since it was set up: it shows no measurement.",
        detail: { celsius },
      });
    }
    if (!converted) {
      throw new LatchkeyError("sensor-bus", {
        message: "The probe did not begin to measure when it was told to.",
      });
    }
    if (celsius < CELSIUS_MIN || celsius > CELSIUS_MAX) {
      throw new LatchkeyError("sensor-out-of-range", { detail: { celsius } });
    }
    return celsius;
  }

  async #scratchpad(rom: OneWireRom): Promise<Scratchpad> {
    for (let tries = 1; ; tries++) {
      try {
        const bytes = await this.#bus.exclusive(async () => {
          await this.#bus.select(rom);
          await this.#bus.write([READ_SCRATCHPAD]);
          return this.#bus.read(SCRATCHPAD_BYTES);
        });
        return parseScratchpad(bytes);
      } catch (error) {
        if (tries === READ_TRIES || !isLatchkeyError(error, "sensor-checksum")) throw error;
      }
    }
  }

  /** The same error, with the probes that are there instead: one may have been replaced. */
  async #whoIsThere(error: LatchkeyError): Promise<LatchkeyError> {
    const found = await this.#bus.search().catch(() => []);
    if (found.length === 0) return error;
    return new LatchkeyError("sensor-absent", {
      message: "The probe with this address does not answer; others on its bus do.",
      cause: error,
      detail: { address: this.address, found: found.map(formatAddress).join(" ") },
    });
  }
}
