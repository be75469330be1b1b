/** The `main` of an image for the Pico 2 W with https. See `pico-2-w.ts`. */

import Digital from "embedded:io/digital";
import I2C from "embedded:io/i2c";
import PWM from "embedded:io/pwm";
import Serial from "embedded:io/serial";
import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import UDP from "embedded:io/socket/udp";
import WiFi from "embedded:network/interface/wifi";
import { builtUnix, version } from "latchkey/build";
import Net from "latchkey/net";
import {
  chipCrypto,
  natives,
  plainConnect,
  product,
  runNode,
  TimeHint,
  tlsConnect,
} from "latchkey/program";
import { isSignedBy } from "ssl/cert";
import Timer from "timer";
import type { NodeHost } from "./run-node.ts";

const connect = plainConnect(TCP);
const wireless = {
  io: WiFi,
  resolve: (host: string, callback: (address: string | undefined) => void) =>
    Net.resolve(host, (_name, address) => callback(address)),
  connect,
};
const tls: NodeHost["tls"] = (trust) =>
  tlsConnect(TLSSocket, TCP, connect, { ...trust, isSignedBy, builtUnix });
const timeHint: NodeHost["timeHint"] = (options) => new TimeHint({ io: UDP, ...options });
const io = { Digital, I2C, PWM, Serial };
const crypto = chipCrypto();
const host = { ...natives, timers: Timer, io, crypto, version, wireless, tls, timeHint };
runNode(host, product);
