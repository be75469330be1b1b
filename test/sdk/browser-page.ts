/** What the page of the browser tests runs: the SDK, where the test can reach it. */
import { isLatchkeyError } from "../../protocol/errors.ts";
import type { ApplicationOptions } from "../../sdk/application-options.ts";
import {
  ApplicationIdentity,
  browserHumanKey,
  browserKey,
  passkey,
} from "../../sdk/browser/browser.ts";

type PageOptions = Omit<ApplicationOptions, "keys">;

/** The code of what went wrong, or what went right. */
async function outcome(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => (isLatchkeyError(error) ? error.code : String(error)));
}

Object.assign(globalThis, {
  software: (options: PageOptions) => new ApplicationIdentity({ ...options, keys: browserKey() }),
  hardware: (options: PageOptions) =>
    new ApplicationIdentity({
      ...options,
      keys: passkey({ rpId: "localhost", rpName: "Notes", userName: "Ada Lovelace" }),
    }),
  /** A key of a person's device, and what it says of a text. */
  human: async (name: string, text: string) => {
    const { publicKey, sign } = await browserHumanKey(name);
    const signature = await sign(new TextEncoder().encode(text));
    return { publicKey: [...publicKey], signature: [...signature] };
  },
  outcome,
});
