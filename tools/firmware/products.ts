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
  /** Manifests of the SDK for what that imports. */
  readonly cryptoManifests: readonly string[];
  /**
   * Most bytes of `program.js` with which the image still fits into its budget: each costs about
   * 1.75 bytes of flash, as measured on real builds. A test holds it where there is no SDK.
   */
  readonly programBytesMax: number;
  /** In an image with two slots: the word that releases name it by. */
  readonly release?: string;
}

const PROGRAM_BYTES_MAX = 470_000;
/** Without the radio's driver and firmware, 238 kB of flash. */
const PROGRAM_BYTES_MAX_WIRED = 570_000;
/** The SDK's TLS takes 118 kB of flash in JavaScript, and 26 kB of C. */
const PROGRAM_BYTES_MAX_TLS = 398_000;

const ROOM = "firmware/platform/moddable";
const PRODUCTS = ["reader", "sensor", "reader-sensor"];
const TARGETS = ["pico_2_w", "pico_2"];
/** The image's program on the SDK's own XS, as a program of Linux. */
const DESK = "desk";

export const FIRMWARE_TARGETS: readonly FirmwareTarget[] = Object.freeze([
  ...PRODUCTS.flatMap((product) => TARGETS.map((target) => firmwareTarget(product, target))),
  // A reader that measures and updates itself is over the budget beside the radio's firmware.
  ...["reader", "sensor"].map((product) => withSlots(product, "pico_2_w")),
  ...PRODUCTS.map((product) => withSlots(product, "pico_2")),
  ...PRODUCTS.map((product) => ({ ...firmwareTarget(product, DESK), platform: "x-cli-lin" })),
  tlsTarget("reader"),
  tlsTarget("sensor"),
]);

function firmwareTarget(product: string, target: string): FirmwareTarget {
  return {
    ...{ product, target },
    platform: `pico/${target.replace(/_(?:tls|slots)$/, "")}`,
    main: `${ROOM}/${target.replaceAll("_", "-")}.ts`,
    program: `${ROOM}/${product}-program.ts`,
    manifest: `manifests/${product}/${target}.json`,
    chipCrypto: `${ROOM}/chip-crypto.ts`,
    cryptoManifests: [],
    programBytesMax: target.startsWith("pico_2_w") ? PROGRAM_BYTES_MAX : PROGRAM_BYTES_MAX_WIRED,
  };
}

/** Only these carry the checks of certificates. */
function tlsTarget(product: string): FirmwareTarget {
  return {
    ...firmwareTarget(product, "pico_2_w_tls"),
    program: `${ROOM}/${product}-tls-program.ts`,
    programBytesMax: PROGRAM_BYTES_MAX_TLS,
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

/** A program for this machine, not an image for a board. */
export function isForDesk({ target }: FirmwareTarget): boolean {
  return target === DESK;
}

/** The same without cryptography in our C, for who may add none: slower, and not constant-time. */
export function withPortableCurves(target: FirmwareTarget): FirmwareTarget {
  return {
    ...target,
    chipCrypto: `${ROOM}/portable-chip-crypto.ts`,
    cryptoManifests: ["$(MODDABLE)/modules/crypt/digest/manifest.json"],
  };
}
