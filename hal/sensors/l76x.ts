import {
  GnssSensor,
  type GnssSensorOptions,
  type SetupStep,
  WANTED_SENTENCES,
} from "./gnss-sensor.ts";
import { nmeaLine } from "./nmea/sentence.ts";
import { pmtkFixInterval, pmtkSentences, pmtkVerdict } from "./pmtk.ts";

/**
 * Quectel L76, L76-L and L76B ("L76X" on modules), configured by PMTK sentences, each of which
 * PMTK001 answers. An L76K speaks another dialect and does not answer; it works unconfigured.
 * @example
 * const gps = new L76X({ sensor: { io: Serial, receive: 5, transmit: 4 }, clock, timer });
 * const { latitude, longitude } = await gps.measure();
 */
export class L76X extends GnssSensor {
  constructor(options: GnssSensorOptions) {
    super(options, setupOfL76x);
  }
}

function setupOfL76x(periodMs: number): SetupStep[] {
  // Less to send first: the line may be full when the rate rises.
  return [
    pmtkStep("PMTK314", pmtkSentences(WANTED_SENTENCES)),
    pmtkStep("PMTK220", pmtkFixInterval(periodMs)),
  ];
}

function pmtkStep(name: string, command: string): SetupStep {
  return {
    name,
    bytes: nmeaLine(command),
    verdict: (answer) => ("type" in answer ? pmtkVerdict(answer, command) : undefined),
  };
}
