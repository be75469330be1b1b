import type { SerialLine } from "../../host-sim/board/serial.ts";
import type { QueuedEvent } from "../../host-sim/world/event-queue.ts";
import type { World } from "../../host-sim/world/world.ts";
import { encodePacket } from "../../protocol/improv/packet.ts";
import { PacketScanner } from "../../protocol/improv/packet-scanner.ts";
import type { Timer } from "../../protocol/platform.ts";
import type { ByteLink } from "../../tools/cli/context.ts";

export type Fault = "drop" | "garble" | "cut" | undefined;

/** What becomes of the n-th packet, counted from 0, in each direction. */
export interface Faults {
  readonly toNode?: (n: number) => Fault;
  readonly fromNode?: (n: number) => Fault;
}

/** Timers in virtual time, for what runs beside the board. */
export function worldTimer(world: World): Timer {
  return {
    set: (run, delayMs) => world.after(delayMs * 1000, run),
    clear: (handle) => world.cancel(handle as QueuedEvent),
  };
}

/** One bit of the middle of a packet is wrong; its header stays, so that it is taken for one. */
function garbled(packet: Uint8Array): Uint8Array {
  const out = packet.slice();
  out[out.length - 1]! ^= 0x04;
  return out;
}

/** The port of a simulated board as the tools open it, on a cable that damages packets. */
export function faultyPort(line: SerialLine, faults: Faults = {}) {
  const counts = { toNode: 0, fromNode: 0 };
  let open: { hear: (bytes: Uint8Array) => void; end: (reason: string) => void } | undefined;
  const scanner = new PacketScanner();
  line.onData((bytes) => {
    for (const found of scanner.push(bytes)) {
      if (found.type === "text") open?.hear(found.bytes);
      if (found.type !== "packet") continue;
      const packet = encodePacket(found.packet.type, found.packet.data);
      const n = counts.fromNode++;
      const fault = faults.fromNode?.(n);
      if (fault === "cut") open?.end("unplugged");
      else if (fault !== "drop") open?.hear(fault === "garble" ? garbled(packet) : packet);
    }
  });
  const connect = async (): Promise<ByteLink> => {
    let hear = (_: Uint8Array): void => {};
    let end = (_: string | undefined): void => {};
    open = { hear: (bytes) => hear(bytes), end: (reason) => end(reason) };
    return {
      write: (bytes) => {
        const n = counts.toNode++;
        const fault = faults.toNode?.(n);
        if (fault === "cut") end("unplugged");
        else if (fault !== "drop") line.write(fault === "garble" ? garbled(bytes) : bytes);
      },
      onBytes: (callback) => {
        hear = callback;
      },
      onEnd: (callback) => {
        end = callback;
      },
      close: () => {
        open = undefined;
      },
    };
  };
  return { counts, connect };
}
