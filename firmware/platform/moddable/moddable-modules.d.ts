/**
 * What the image imports from the Moddable SDK 8.2, as far as it is used. Ours, because the
 * published typings are older than the SDK (docs/porting.md).
 */

/** A function of C: the compiler of the SDK replaces the call (`xsc`, 17.9). */
declare function native(name: string): {
  call(self: unknown, ...args: unknown[]): never;
};

declare module "timer" {
  const Timer: import("./timer.ts").ModdableTimer;
  export default Timer;
}

declare module "crypt" {
  const crypt: import("./sdk-symmetric.ts").SdkCrypt;
  export default crypt;
}

declare module "latchkey/net" {
  const Net: {
    /** Calls back with the name and its IPv4 address, or without one. */
    resolve(host: string, callback: (host: string, address: string | undefined) => void): void;
  };
  export default Net;
}

declare module "embedded:io/digital" {
  const Digital: import("../../../hal/ecma419.ts").DigitalConstructor;
  export default Digital;
}

declare module "embedded:io/i2c" {
  const I2C: import("../../../hal/ecma419.ts").I2CConstructor;
  export default I2C;
}

declare module "embedded:io/pwm" {
  const PWM: import("../../../hal/ecma419.ts").PWMConstructor;
  export default PWM;
}

declare module "embedded:io/serial" {
  const Serial: import("../../../hal/ecma419.ts").SerialConstructor;
  export default Serial;
}

declare module "embedded:io/socket/tcp" {
  const TCP: import("../../../hal/ecma419.ts").TCPConstructor;
  export default TCP;
}

declare module "embedded:io/socket/udp" {
  const UDP: import("./time-hint.ts").UdpConstructor;
  export default UDP;
}

declare module "embedded:network/interface/wifi" {
  const WiFi: import("./wifi.ts").WiFiConstructor;
  export default WiFi;
}

/** What the product's `…-program.ts` exports: one of them is the image's. */
declare module "latchkey/program" {
  export const product: import("./run-node.ts").Product;
  export const natives: typeof import("./image-program.ts").natives;
  export const chipCrypto: typeof import("./chip-crypto.ts").chipCrypto;
  export const plainConnect: typeof import("./http-client.ts").plainConnect;
  export const runNode: typeof import("./run-node.ts").runNode;
  /** Of `reader-tls-program.ts` and `sensor-tls-program.ts` alone. */
  export const TimeHint: typeof import("./time-hint.ts").TimeHint;
  export const tlsConnect: typeof import("./tls-connect.ts").tlsConnect;
  /** Of the `…-slots-program.ts` alone. */
  export const updatesOf: typeof import("./slot-program.ts").updatesOf;
}

/** Build of the image: what `latchkey build` generates. */
declare module "latchkey/build" {
  export const version: string;
  /** When it was built, Unix seconds. */
  export const builtUnix: number;
  /** Which board and program: a word. Of an image with slots alone, like the next. */
  export const product: string;
  export const securityVersion: number;
}

/** An example of the SDK that `manifests/tls.json` adds: TLS over a TCP socket. */
declare module "embedded:io/socket/tcp/tls" {
  const TLSSocket: import("./tls-connect.ts").TlsSocketConstructor;
  export default TLSSocket;
}

/** `tls-certificates.js`, which stands where the SDK has its own trust. */
declare module "ssl/cert" {
  export const isSignedBy: import("./tls-trust.ts").TlsTrustOptions["isSignedBy"];
}
