import { toLatchkeyError } from "../../protocol/errors.ts";
import { usageError } from "../cli/arguments.ts";
import type { Context, Link } from "../cli/context.ts";
import { ControlClient } from "../control-client.ts";

/** Opens `tcp:host:port`, `sim` or a serial port. @throws usage, port-unavailable, … */
export async function openTarget(context: Context, target: string, baud: number): Promise<Link> {
  if (target === "sim") return openSimulator(context);
  const tcp = /^tcp:(.+):(\d{1,5})$/.exec(target);
  if (tcp !== null) return context.connectTcp(tcp[1]!.replace(/^\[|\]$/g, ""), Number(tcp[2]));
  if (target.startsWith("tcp:")) throw usageError("a TCP console is written tcp:host:port", "port");
  return context.openSerial(target, baud);
}

async function openSimulator(context: Context): Promise<Link> {
  const client = await ControlClient.connect(context);
  client.send({ do: "attach" });
  let ended: (reason: string | undefined) => void = () => {};
  return {
    write: (text) => client.send({ do: "write", text }),
    onText: (callback) => {
      forward(client, callback).then(
        () => ended(undefined),
        (error: unknown) => ended(toLatchkeyError(error).message),
      );
    },
    onEnd: (callback) => {
      ended = callback;
    },
    close: () => client.close(),
  };
}

async function forward(client: ControlClient, callback: (text: string) => void): Promise<void> {
  for await (const { serial } of client.answers()) if (serial !== undefined) callback(serial);
}
