/** The `main` of an image for the Pico 2 W with two slots for images. See `pico-2-w.ts`. */

import Digital from "embedded:io/digital";
import I2C from "embedded:io/i2c";
import PWM from "embedded:io/pwm";
import Serial from "embedded:io/serial";
import TCP from "embedded:io/socket/tcp";
import WiFi from "embedded:network/interface/wifi";
import { product as name, securityVersion, version } from "latchkey/build";
import Net from "latchkey/net";
import { chipCrypto, natives, plainConnect, product, runNode, updatesOf } from "latchkey/program";
import Timer from "timer";

const wireless = {
  io: WiFi,
  resolve: (host: string, callback: (address: string | undefined) => void) =>
    Net.resolve(host, (_name, address) => callback(address)),
  connect: plainConnect(TCP),
};
const io = { Digital, I2C, PWM, Serial };
const updates = updatesOf({ product: name, securityVersion });
const crypto = chipCrypto();
runNode({ ...natives, timers: Timer, io, crypto, version, wireless, updates }, product);
