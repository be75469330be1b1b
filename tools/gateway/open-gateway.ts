import { systemRandom } from "../../server/system-random.ts";
import type { GatewayOptions } from "../cli/context.ts";
import { openNodeSerial } from "../node-serial.ts";
import { BusMaster } from "./bus-master.ts";
import { carryRequest } from "./carry.ts";

/** The bus master on a serial port of this computer. @throws port-unavailable */
export async function openGateway(options: GatewayOptions): Promise<{ close(): void }> {
  const { port, baud, baseUrl, addresses, onEvent, onEnd } = options;
  const io = await openNodeSerial(port, baud, onEnd);
  return new BusMaster({
    io,
    baud,
    addresses,
    onEvent,
    random: systemRandom,
    timer: {
      set: (callback, delayMs) => setTimeout(callback, delayMs),
      clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
    },
    carry: (_address, request) => carryRequest(baseUrl, request),
  });
}
