export * from "./reader-program.ts";
export { tlsConnect } from "./tls-connect.ts";
