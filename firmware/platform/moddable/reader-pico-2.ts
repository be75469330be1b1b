/** The reader's image for the Pico 2, which has no wireless chip. See `reader-pico-2-w.ts`. */
import Digital from "embedded:io/digital";
import I2C from "embedded:io/i2c";
import PWM from "embedded:io/pwm";
import Serial from "embedded:io/serial";
import { version } from "latchkey/build";
import Timer from "timer";
import { nobleCrypto } from "../../../protocol/crypto/noble.ts";
import { nativeBoard, nativeFlash, nativeRandom, nativeUsb, runReader } from "./reader-program.ts";

runReader({
  ...{ timers: Timer, io: { Digital, I2C, PWM, Serial }, crypto: nobleCrypto, version },
  ...{ flash: nativeFlash, random: nativeRandom, board: nativeBoard, usb: nativeUsb },
});
