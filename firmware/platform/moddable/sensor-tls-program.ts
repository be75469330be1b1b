export * from "./sensor-program.ts";
export { TimeHint } from "./time-hint.ts";
export { tlsConnect } from "./tls-connect.ts";
