/** The `main` of an image for the Pico 2, which has no wireless chip. See `pico-2-w.ts`. */

import Digital from "embedded:io/digital";
import I2C from "embedded:io/i2c";
import PWM from "embedded:io/pwm";
import Serial from "embedded:io/serial";
import { version } from "latchkey/build";
import { chipCrypto, natives, product, runNode } from "latchkey/program";
import Timer from "timer";

const io = { Digital, I2C, PWM, Serial };
runNode({ ...natives, timers: Timer, io, crypto: chipCrypto(), version }, product);
