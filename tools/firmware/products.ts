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
  /** What stands for `chip-crypto.ts`. */
  readonly chipCrypto: string;
  /** In an image with two slots: the word that releases name it by. */
  readonly release?: string;
}

const ROOM = "firmware/platform/moddable";
const PRODUCTS = ["reader", "sensor", "reader-sensor"];
const TARGETS = ["pico_2_w", "pico_2"];

export const FIRMWARE_TARGETS: readonly FirmwareTarget[] = Object.freeze([
  ...PRODUCTS.flatMap((product) => TARGETS.map((target) => firmwareTarget(product, target))),
  ...PRODUCTS.flatMap((product) => TARGETS.map((target) => withSlots(product, target))),
  // Only it carries the checks of certificates.
  { ...firmwareTarget("reader", "pico_2_w_tls"), program: `${ROOM}/reader-tls-program.ts` },
]);

function firmwareTarget(product: string, target: string): FirmwareTarget {
  return {
    ...{ product, target },
    platform: `pico/${target.replace(/_(?:tls|slots)$/, "")}`,
    main: `${ROOM}/${target.replaceAll("_", "-")}.ts`,
    program: `${ROOM}/${product}-program.ts`,
    manifest: `manifests/${product}/${target}.json`,
    chipCrypto: `${ROOM}/chip-crypto.ts`,
  };
}

/** The same with two slots for images: only it carries the code of updates. */
function withSlots(product: string, target: string): FirmwareTarget {
  return {
    ...firmwareTarget(product, `${target}_slots`),
    program: `${ROOM}/${product}-slots-program.ts`,
    release: `${product}-${target.replaceAll("_", "-")}`,
  };
}

export function findTarget(product: string, target: string): FirmwareTarget | undefined {
  return FIRMWARE_TARGETS.find((one) => one.product === product && one.target === target);
}

/** The same without curves in C, for who may not add any: slower, and not constant-time. */
export function withPortableCurves(target: FirmwareTarget): FirmwareTarget {
  return { ...target, chipCrypto: `${ROOM}/portable-chip-crypto.ts` };
}
