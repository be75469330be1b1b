import { type CommandSender, type NativeCommand, uintLE } from "./native-command.ts";

/** One option of SetConfiguration (NT4H2421Gx Table 50). "Permanent": there is no way back. */
export type Configuration =
  /** 00h: a new random 4-byte ID at every activation. Permanent. */
  | { readonly option: "random-id" }
  /** 04h: no WriteData over several frames in modes MAC and Full. Permanent. */
  | { readonly option: "no-chained-writes" }
  /** 05h: LRP instead of AES secure messaging; switches SDM off. Permanent. Ends the session. */
  | { readonly option: "lrp" }
  /** 05h with bit 1 clear: PDCap2.5 and PDCap2.6, bytes that every authentication shows. */
  | { readonly option: "capabilities"; readonly pdCap5: number; readonly pdCap6: number }
  /** 0Ah: failures until a key is locked, and what a success takes off them. */
  | { readonly option: "failed-auth"; readonly limit: number; readonly decrement: number }
  /** 0Ah: failures are not counted. */
  | { readonly option: "failed-auth-off" }
  /** 0Bh: strong back modulation is the default; small antennas need it. */
  | { readonly option: "back-modulation"; readonly strong: boolean };

const OPTION_CAPABILITY = 0x05;
const CAPABILITY_LENGTH = 10;
const PD_CAP_1 = 4;
const PD_CAP_5 = 8;

function capabilityData(pdCap1: number, pdCap5: number, pdCap6: number): Uint8Array {
  const data = new Uint8Array(CAPABILITY_LENGTH);
  data[PD_CAP_1] = pdCap1;
  data.set([...uintLE(pdCap5, 1), ...uintLE(pdCap6, 1)], PD_CAP_5);
  return data;
}

function failedAuthData(limit: number, decrement: number): Uint8Array {
  if (limit === 0) throw new RangeError("SetConfiguration: the limit must be above 0");
  return Uint8Array.of(1, ...uintLE(limit, 2), ...uintLE(decrement, 2));
}

/** Option byte and data. */
function encode(configuration: Configuration): { option: number; data: Uint8Array } {
  switch (configuration.option) {
    case "random-id":
      return { option: 0x00, data: Uint8Array.of(0x02) };
    case "no-chained-writes":
      // Bit 2 of a 2-byte field; numbers go LSB first on this interface (§8.3).
      return { option: 0x04, data: uintLE(0x0004, 2) };
    case "lrp":
      return { option: OPTION_CAPABILITY, data: capabilityData(0x02, 0, 0) };
    case "capabilities":
      return {
        option: OPTION_CAPABILITY,
        data: capabilityData(0, configuration.pdCap5, configuration.pdCap6),
      };
    case "failed-auth":
      return { option: 0x0a, data: failedAuthData(configuration.limit, configuration.decrement) };
    case "failed-auth-off":
      return { option: 0x0a, data: new Uint8Array(5) };
    case "back-modulation":
      return { option: 0x0b, data: Uint8Array.of(configuration.strong ? 1 : 0) };
  }
}

/** The command SetConfiguration (§10.5.1). RangeError on values out of range. */
export function setConfigurationCommand(configuration: Configuration): NativeCommand {
  const { option, data } = encode(configuration);
  return {
    name: "SetConfiguration",
    ins: 0x5c,
    header: Uint8Array.of(option),
    data,
    mode: "full",
    needsSession: true,
    bareAnswer: option === OPTION_CAPABILITY,
    endsSession: configuration.option === "lrp",
  };
}

/**
 * SetConfiguration in a session under key 0. The switch to LRP ends the session and is answered
 * without a MAC: an authentication in LRP mode proves it. @throws as `Session.send`
 */
export async function setConfiguration(
  session: CommandSender,
  configuration: Configuration,
): Promise<void> {
  await session.send(setConfigurationCommand(configuration));
}
