import type {
  NativeBoard,
  NativeFlash,
  NativeOneWire,
  NativePulses,
  NativeRadio,
  NativeRandom,
  NativeUsb,
} from "../../../hal/native/natives.ts";

// Each body is exactly one call with the parameters in order: that is the form which the SDK's
// compiler turns into the C function itself.

export const nativeFlash: NativeFlash = Object.freeze({
  bytes(this: unknown, region: number) {
    return native("xs_latchkey_flash_bytes").call(this, region);
  },
  read(this: unknown, region: number, offset: number, length: number) {
    return native("xs_latchkey_flash_read").call(this, region, offset, length);
  },
  isErased(this: unknown, region: number, offset: number, length: number) {
    return native("xs_latchkey_flash_is_erased").call(this, region, offset, length);
  },
  erase(this: unknown, region: number, offset: number) {
    return native("xs_latchkey_flash_erase").call(this, region, offset);
  },
  program(this: unknown, region: number, offset: number, data: Uint8Array) {
    return native("xs_latchkey_flash_program").call(this, region, offset, data);
  },
});

export const nativeRandom: NativeRandom = Object.freeze({
  bytes(this: unknown, length: number) {
    return native("xs_latchkey_random_bytes").call(this, length);
  },
});

export const nativeBoard: NativeBoard = Object.freeze({
  bootReason(this: unknown) {
    return native("xs_latchkey_board_boot_reason").call(this);
  },
  chipId(this: unknown) {
    return native("xs_latchkey_board_chip_id").call(this);
  },
  chipSecret(this: unknown) {
    return native("xs_latchkey_board_chip_secret").call(this);
  },
  uptimeMs(this: unknown) {
    return native("xs_latchkey_board_uptime_ms").call(this);
  },
  watch(this: unknown, periodMs: number) {
    return native("xs_latchkey_board_watch").call(this, periodMs);
  },
  feed(this: unknown) {
    return native("xs_latchkey_board_feed").call(this);
  },
  restart(this: unknown) {
    return native("xs_latchkey_board_restart").call(this);
  },
  heapFree(this: unknown) {
    return native("xs_latchkey_board_heap_free").call(this);
  },
  idle(this: unknown) {
    return native("xs_latchkey_board_idle").call(this);
  },
});

export const nativeUsb: NativeUsb = Object.freeze({
  room(this: unknown) {
    return native("xs_latchkey_usb_room").call(this);
  },
  read(this: unknown) {
    return native("xs_latchkey_usb_read").call(this);
  },
  write(this: unknown, bytes: Uint8Array) {
    return native("xs_latchkey_usb_write").call(this, bytes);
  },
});

export const nativeRadio: NativeRadio = Object.freeze({
  failure(this: unknown) {
    return native("xs_latchkey_wifi_failure").call(this);
  },
});

export const nativePulses: NativePulses = Object.freeze({
  open(this: unknown, pin: number, wordsMax: number) {
    return native("xs_latchkey_pulses_open").call(this, pin, wordsMax);
  },
  start(this: unknown, capture: number, lowRounds: number, durations: number, idleRounds: number) {
    return native("xs_latchkey_pulses_start").call(this, capture, lowRounds, durations, idleRounds);
  },
  words(this: unknown, capture: number) {
    return native("xs_latchkey_pulses_words").call(this, capture);
  },
  close(this: unknown, capture: number) {
    return native("xs_latchkey_pulses_close").call(this, capture);
  },
});

export const nativeOneWire: NativeOneWire = Object.freeze({
  open(this: unknown, pin: number) {
    return native("xs_latchkey_one_wire_open").call(this, pin);
  },
  reset(this: unknown, line: number) {
    return native("xs_latchkey_one_wire_reset").call(this, line);
  },
  slots(this: unknown, line: number, words: ArrayBuffer) {
    return native("xs_latchkey_one_wire_slots").call(this, line, words);
  },
  levels(this: unknown, line: number) {
    return native("xs_latchkey_one_wire_levels").call(this, line);
  },
  close(this: unknown, line: number) {
    return native("xs_latchkey_one_wire_close").call(this, line);
  },
});
