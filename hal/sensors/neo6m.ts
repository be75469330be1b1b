import {
  GnssSensor,
  type GnssSensorOptions,
  type SetupStep,
  WANTED_SENTENCES,
} from "./gnss-sensor.ts";
import {
  cfgMsg,
  cfgRate,
  UBX_NMEA_IDS,
  type UbxMessage,
  type UbxSentence,
  ubxFrame,
  ubxVerdict,
} from "./ubx.ts";

/**
 * u-blox NEO-6M, configured by UBX: CFG-MSG switches sentences, CFG-RATE sets how often; every
 * message is acknowledged by ACK-ACK or refused by ACK-NAK.
 * @example
 * const gps = new NEO6M({ sensor: { io: Serial, receive: 5, transmit: 4 }, clock, timer });
 * const { latitude, longitude } = await gps.measure();
 */
export class NEO6M extends GnssSensor {
  constructor(options: GnssSensorOptions) {
    super(options, setupOfNeo6m);
  }
}

function setupOfNeo6m(periodMs: number): SetupStep[] {
  // Less to send first: the line may be full when the rate rises.
  const sentences = Object.keys(UBX_NMEA_IDS) as UbxSentence[];
  const steps = sentences.map((sentence) => {
    const every = WANTED_SENTENCES.includes(sentence) ? 1 : 0;
    return ubxStep(`CFG-MSG ${sentence}`, cfgMsg(sentence, every));
  });
  return [...steps, ubxStep("CFG-RATE", cfgRate(periodMs))];
}

function ubxStep(name: string, message: UbxMessage): SetupStep {
  return {
    name,
    bytes: ubxFrame(message),
    verdict(answer) {
      if (!("payload" in answer)) return undefined;
      const verdict = ubxVerdict(answer, message);
      return verdict === "nak" ? "ACK-NAK" : verdict && "done";
    },
  };
}
