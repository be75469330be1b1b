export * from "./sensor-program.ts";
export { tlsConnect } from "./tls-connect.ts";
