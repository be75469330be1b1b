import { type BootState, otherSlot, type Slot } from "./boot-state.ts";

/** How often an image on trial is started before the node goes back: a power cut is no verdict. */
export const TRIAL_STARTS = 3;

export interface BootChoice {
  /** What to start; `undefined` when neither is whole, which is for the chip's own loader. */
  readonly slot: Slot | undefined;
  /** What must be durable before it is started; the very state given when nothing changes. */
  readonly next: BootState;
}

/**
 * What the boot code does at each start. It counts a trial's starts before it makes them, so that
 * an image that hangs at once is left after {@link TRIAL_STARTS} of them, whatever it does.
 * @param isWhole whether a slot holds the image that the state says it holds; asked only for what
 * would be started
 */
export function chooseBoot(state: BootState, isWhole: (slot: Slot) => boolean): BootChoice {
  const { trial, ...rest } = state;
  if (trial === undefined) return steadyChoice(state, isWhole);
  const other = otherSlot(state.confirmed);
  if (trial > 0 && state.images[other] !== undefined && isWhole(other))
    return { slot: other, next: { ...state, trial: trial - 1 } };
  const code = trial > 0 ? "firmware-mismatch" : "firmware-unconfirmed";
  const version = state.images[other]?.version ?? "";
  const back: BootState = { ...withoutImage(rest, other), reversal: { version, code } };
  return steadyChoice(back, isWhole);
}

/** The confirmed image; if that is damaged, another that was never found to be unsafe. */
function steadyChoice(state: BootState, isWhole: (slot: Slot) => boolean): BootChoice {
  const { confirmed, images, floor } = state;
  // Of what a tool wrote nothing is known, and there may be nothing else: it is started.
  if (images[confirmed] === undefined || isWhole(confirmed))
    return { slot: confirmed, next: state };
  const other = otherSlot(confirmed);
  const spare = images[other];
  if (spare === undefined || spare.securityVersion < floor || !isWhole(other))
    return { slot: undefined, next: state };
  const version = images[confirmed].version;
  const reversal = { version, code: "firmware-mismatch" } as const;
  return { slot: other, next: { ...withoutImage(state, confirmed), confirmed: other, reversal } };
}

/** The image is not to be started again, so nothing is said to lie there. */
function withoutImage(state: BootState, slot: Slot): BootState {
  const { images } = state;
  return { ...state, images: slot === 0 ? [undefined, images[1]] : [images[0], undefined] };
}
