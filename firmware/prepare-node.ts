import { toLatchkeyError } from "../protocol/errors.ts";
import type { IdentityNode } from "../protocol/node/identity-node.ts";
import type { Log, Timer } from "../protocol/platform.ts";
import type { Journal } from "./journal/journal.ts";
import type { Network } from "./platform.ts";

export interface PreparedParts {
  readonly timer: Timer;
  readonly network: Pick<Network, "join">;
  readonly storage: Pick<Journal, "prepare">;
  readonly identity: Pick<IdentityNode, "init">;
  readonly log: Log;
}

/**
 * The slow things that need no network, each in a turn of its own while it joins: erasing flash for
 * the first `set`, and the node's key. Gives the network for whoever needs both: it is joined when
 * they are done, so that no turn has to do them together with the first request. What fails here
 * fails again where it matters, and is shown then.
 */
export function prepareNode(parts: PreparedParts): Pick<Network, "join"> {
  const { timer, network, storage, identity, log } = parts;
  const inTurn = (work: () => unknown) =>
    new Promise<void>((done) => {
      const run = async () => {
        try {
          await work();
        } catch (error) {
          log.write("warn", "prepare-failed", { code: toLatchkeyError(error).code });
        }
        done();
      };
      timer.set(() => void run(), 0);
    });
  const prepared = inTurn(() => storage.prepare()).then(() => inTurn(() => identity.init()));
  return { join: async () => (await Promise.all([network.join(), prepared]))[0] };
}
