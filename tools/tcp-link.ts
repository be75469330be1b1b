import { connect } from "node:net";
import { LatchkeyError } from "../protocol/errors.ts";
import type { Link } from "./cli/context.ts";

/** Text over TCP. @throws network-failed when nothing answers */
export function connectTcp(host: string, port: number): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setEncoding("utf8");
    const refuse = (cause: Error): void => {
      const message = `nothing answers at ${host}:${port}`;
      reject(new LatchkeyError("network-failed", { message, cause }));
    };
    socket.once("error", refuse);
    socket.once("connect", () => {
      socket.off("error", refuse);
      let reason: string | undefined;
      socket.on("error", (error) => {
        reason = error.message;
      });
      resolve({
        write: (text) => void socket.write(text),
        onText: (callback) => void socket.on("data", (text) => callback(String(text))),
        onEnd: (callback) => void socket.once("close", () => callback(reason)),
        close: () => void socket.destroy(),
      });
    });
  });
}
