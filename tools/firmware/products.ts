/** What can be built: a program for a board. */
export interface FirmwareTarget {
  readonly product: string;
  readonly target: string;
  /** `-p` of mcconfig. */
  readonly platform: string;
  /** Runs at start; relative to the project's folder. */
  readonly main: string;
  /** Pure, preloaded into flash. */
  readonly program: string;
  readonly manifest: string;
}

const ROOM = "firmware/platform/moddable";

export const FIRMWARE_TARGETS: readonly FirmwareTarget[] = Object.freeze([
  {
    product: "reader",
    target: "pico_2_w",
    platform: "pico/pico_2_w",
    main: `${ROOM}/reader-pico-2-w.ts`,
    program: `${ROOM}/reader-program.ts`,
    manifest: "manifests/reader/pico_2_w.json",
  },
  {
    product: "reader",
    target: "pico_2",
    platform: "pico/pico_2",
    main: `${ROOM}/reader-pico-2.ts`,
    program: `${ROOM}/reader-program.ts`,
    manifest: "manifests/reader/pico_2.json",
  },
]);

export function findTarget(product: string, target: string): FirmwareTarget | undefined {
  return FIRMWARE_TARGETS.find((one) => one.product === product && one.target === target);
}
