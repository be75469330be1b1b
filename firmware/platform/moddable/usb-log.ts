import type { NativeUsb } from "../../../hal/native/natives.ts";
import { toUtf8 } from "../../../protocol/encoding/utf8.ts";
import type { Clock, Log } from "../../../protocol/platform.ts";

/**
 * The log as lines of JSON on the USB port while a terminal is open there. A line goes whole or
 * not at all: the ring in memory keeps what was not sent, and `log` on the console shows it.
 */
export function usbLog(usb: NativeUsb, clock: Clock): Log {
  return Object.freeze({
    write(level, event, fields = {}) {
      if (usb.room() === 0) return; // nobody there: no text is made for nobody
      const at_ms = Math.round(clock.monotonicMs());
      const line = toUtf8(`${JSON.stringify({ at_ms, level, event, ...fields })}\r\n`);
      if (usb.room() >= line.length) usb.write(line);
    },
  } satisfies Log);
}
