export * from "./reader-sensor-program.ts";
export { updatesOf } from "./slot-program.ts";
