import { usageError } from "./cli/arguments.ts";
import type { Context } from "./cli/context.ts";

/** Speed of a node's console. USB has none and takes any. */
export const CONSOLE_BAUD = 115_200;

/** The only serial port that there is, if there is one. @throws usage when there are several */
export async function onlySerialPort(context: Context): Promise<string | undefined> {
  const ports = await context.listSerialPorts();
  if (ports.length > 1)
    throw usageError(`which port? There are ${ports.map(({ path }) => path).join(", ")}`, "port");
  return ports[0]?.path;
}
