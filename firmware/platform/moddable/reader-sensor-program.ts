import { DOOR_DRIVERS } from "./door-drivers.ts";
import { readerProduct } from "./reader-product.ts";

export * from "./image-program.ts";

/** A badge reader that measures as well. */
export const product = readerProduct(DOOR_DRIVERS);
