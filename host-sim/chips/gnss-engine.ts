import type { QueuedEvent } from "../world/event-queue.ts";
import type { World } from "../world/world.ts";

export interface GnssPlace {
  /** Degrees, north positive. */
  readonly latitude: number;
  /** Degrees, east positive. */
  readonly longitude: number;
  /** Metres above mean sea level. */
  readonly altitude: number;
}

export interface GnssEngineOptions {
  readonly world: World;
  /** The true time at the world's beginning, Unix seconds. */
  readonly unixAtStart: number;
  readonly place: GnssPlace;
  /** How long the sky must be seen from nothing, and shortly after a position was lost. */
  readonly coldStartUs: number;
  readonly hotStartUs: number;
  /** Called once per measurement, whether it gave a position or not. */
  readonly onMoment: () => void;
}

/** Of the eight satellites in view. */
export interface Satellite {
  readonly prn: number;
  readonly elevation: number;
  readonly azimuth: number;
  readonly snr: number;
}

/** A sky as any other. */
const SKY: readonly Satellite[] = Object.freeze([
  { prn: 3, elevation: 67, azimuth: 111, snr: 44 },
  { prn: 6, elevation: 15, azimuth: 270, snr: 31 },
  { prn: 11, elevation: 41, azimuth: 10, snr: 40 },
  { prn: 14, elevation: 25, azimuth: 170, snr: 33 },
  { prn: 16, elevation: 57, azimuth: 208, snr: 39 },
  { prn: 18, elevation: 62, azimuth: 296, snr: 40 },
  { prn: 19, elevation: 40, azimuth: 246, snr: 38 },
  { prn: 22, elevation: 42, azimuth: 67, snr: 42 },
]);
/** For height as well, and for place alone. */
const SATELLITES_3D = 4;
const SATELLITES_2D = 3;
const SECONDS_PER_WEEK = 604_800;

/**
 * What is common to receivers: satellites found and lost, the time learnt from them, a
 * measurement at every period. The makers' ways of saying it stand in the models.
 */
export class GnssEngine {
  readonly #options: GnssEngineOptions;
  readonly #world: World;
  #tick: QueuedEvent | undefined;
  #periodUs = 1e6;
  #sky = 0;
  #fixAtUs: number | undefined;
  #hadFix = false;
  #poweredUs = 0;
  place: GnssPlace;
  /** 1024-week spans by which its firmware is behind. */
  weekRollovers = 0;

  constructor(options: GnssEngineOptions) {
    this.#options = options;
    this.#world = options.world;
    this.place = options.place;
  }

  get powered(): boolean {
    return this.#tick !== undefined;
  }

  /** Nothing is remembered: a module without a backup battery. */
  powerOn(): void {
    this.powerOff();
    this.#poweredUs = this.#world.nowUs();
    this.#hadFix = false;
    this.#fixAtUs = undefined;
    this.#periodUs = 1e6;
    this.#search();
    this.#schedule();
  }

  powerOff(): void {
    if (this.#tick !== undefined) this.#world.cancel(this.#tick);
    this.#tick = undefined;
  }

  /** How many of the eight satellites are to be seen from now on. */
  showSky(satellites: number): void {
    this.#sky = Math.min(SKY.length, satellites);
    this.#search();
  }

  setPeriod(periodUs: number): void {
    this.#periodUs = periodUs;
    this.#schedule();
  }

  get hasFix(): boolean {
    return this.#fixAtUs !== undefined && this.#world.nowUs() >= this.#fixAtUs;
  }

  /** Whether the height is measured too. */
  get is3d(): boolean {
    return this.hasFix && this.#sky >= SATELLITES_3D;
  }

  /** Unix seconds as the receiver believes; `undefined` before it has ever heard them. */
  get unix(): number | undefined {
    if (!this.#hadFix) return undefined;
    const trueUnix = this.#options.unixAtStart + this.#world.nowUs() / 1e6;
    return trueUnix - this.weekRollovers * 1024 * SECONDS_PER_WEEK;
  }

  get uptimeSeconds(): number {
    return (this.#world.nowUs() - this.#poweredUs) / 1e6;
  }

  get satellites(): readonly Satellite[] {
    return SKY.slice(0, this.#sky);
  }

  #search(): void {
    if (this.#sky < SATELLITES_2D) {
      this.#fixAtUs = undefined;
      return;
    }
    if (this.#fixAtUs !== undefined) return;
    const { hotStartUs, coldStartUs } = this.#options;
    this.#fixAtUs = this.#world.nowUs() + (this.#hadFix ? hotStartUs : coldStartUs);
  }

  #schedule(): void {
    if (this.#tick !== undefined) this.#world.cancel(this.#tick);
    // Measurements fall on whole periods of the true time.
    const intoUs = this.#world.nowUs() % this.#periodUs;
    this.#tick = this.#world.after(this.#periodUs - intoUs, () => {
      if (this.hasFix) this.#hadFix = true;
      this.#schedule();
      this.#options.onMoment();
    });
  }
}
