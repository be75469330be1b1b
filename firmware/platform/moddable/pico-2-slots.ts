/** The `main` of an image for the Pico 2 with two slots for images. See `pico-2-w.ts`. */

import Digital from "embedded:io/digital";
import I2C from "embedded:io/i2c";
import PWM from "embedded:io/pwm";
import Serial from "embedded:io/serial";
import { product as name, securityVersion, version } from "latchkey/build";
import { chipCrypto, natives, product, runNode, updatesOf } from "latchkey/program";
import Timer from "timer";

const io = { Digital, I2C, PWM, Serial };
const updates = updatesOf({ product: name, securityVersion });
const crypto = chipCrypto();
runNode({ ...natives, timers: Timer, io, crypto, version, updates }, product);
