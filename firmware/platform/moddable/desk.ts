/**
 * The `main` of a node that is a program of the desk, on the SDK's own XS: the program of the image,
 * byte for byte, over pseudo-terminals and a flash in a file. See `pico-2.ts`.
 */

import { version } from "latchkey/build";
import { chipCrypto, natives, product, runNode } from "latchkey/program";
import Timer from "timer";
import type { IoProvider } from "../../../hal/ecma419.ts";
import { DeskDigital, DeskI2C, DeskPWM, deskSerial } from "./desk-ports.ts";

const io = { Digital: DeskDigital, I2C: DeskI2C, PWM: DeskPWM, Serial: deskSerial(Timer) };
const crypto = chipCrypto();
runNode({ ...natives, timers: Timer, io: io as IoProvider, crypto, version }, product);
