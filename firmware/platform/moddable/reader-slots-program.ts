export * from "./reader-program.ts";
export { updatesOf } from "./slot-program.ts";
