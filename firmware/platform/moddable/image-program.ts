/** What every program of an image gives its `main`, beside the product. */
import {
  nativeBoard,
  nativeFlash,
  nativeOneWire,
  nativePulses,
  nativeRadio,
  nativeRandom,
  nativeUsb,
} from "./natives.ts";

export { chipCrypto } from "./chip-crypto.ts";
export { plainConnect } from "./http-client.ts";
export { runNode } from "./run-node.ts";

export const natives = Object.freeze({
  flash: nativeFlash,
  random: nativeRandom,
  board: nativeBoard,
  usb: nativeUsb,
  pulses: nativePulses,
  oneWire: nativeOneWire,
  radio: nativeRadio,
});
