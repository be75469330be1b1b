export * from "./sensor-program.ts";
export { updatesOf } from "./slot-program.ts";
