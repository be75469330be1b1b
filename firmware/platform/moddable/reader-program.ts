import { readerProduct } from "./reader-product.ts";

export * from "./image-program.ts";

/** A badge reader that measures nothing. */
export const product = readerProduct([]);
