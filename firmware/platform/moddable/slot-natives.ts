import type { NativeSlots } from "../../../hal/native/natives.ts";

/** In a file of its own: an image without slots has none of the C behind it (see `natives.ts`). */
export const nativeSlots: NativeSlots = Object.freeze({
  running(this: unknown) {
    return native("xs_latchkey_slots_running").call(this);
  },
  isTrial(this: unknown) {
    return native("xs_latchkey_slots_is_trial").call(this);
  },
  start(this: unknown, slot: number) {
    return native("xs_latchkey_slots_start").call(this, slot);
  },
  keep(this: unknown) {
    return native("xs_latchkey_slots_keep").call(this);
  },
});
