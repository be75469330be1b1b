/**
 * The `main` of an image for the Pico 2 W. Everything pure is in the product's program, which the
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
import { chipCrypto, natives, plainConnect, product, runNode } from "latchkey/program";
import Timer from "timer";

const wireless = {
  io: WiFi,
  resolve: (host: string, callback: (address: string | undefined) => void) =>
    Net.resolve(host, (_name, address) => callback(address)),
  connect: plainConnect(TCP),
};
const io = { Digital, I2C, PWM, Serial };
runNode({ ...natives, timers: Timer, io, crypto: chipCrypto(), version, wireless }, product);
