/**
 * The reader's image for the Pico 2 W. Everything pure is in `reader-program.ts`, which the
 * manifest preloads into flash; what stands here runs at start and has effects.
 */
import Digital from "embedded:io/digital";
import I2C from "embedded:io/i2c";
import PWM from "embedded:io/pwm";
import Serial from "embedded:io/serial";
import TCP from "embedded:io/socket/tcp";
import WiFi from "embedded:network/interface/wifi";
import { version } from "latchkey/build";
import Net from "latchkey/net";
import Timer from "timer";
import { nobleCrypto } from "../../../protocol/crypto/noble.ts";
import {
  nativeBoard,
  nativeFlash,
  nativeRandom,
  nativeUsb,
  plainConnect,
  runReader,
} from "./reader-program.ts";

runReader({
  ...{ timers: Timer, io: { Digital, I2C, PWM, Serial }, crypto: nobleCrypto, version },
  ...{ flash: nativeFlash, random: nativeRandom, board: nativeBoard, usb: nativeUsb },
  wireless: {
    io: WiFi,
    resolve: (host, callback) => Net.resolve(host, (_name, address) => callback(address)),
    connect: plainConnect(TCP),
  },
});
