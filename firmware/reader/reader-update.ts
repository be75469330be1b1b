import { toLatchkeyError } from "../../protocol/errors.ts";
import type { Log } from "../../protocol/platform.ts";
import type { ReaderConfig } from "../config.ts";
import type { Platform } from "../platform.ts";
import { READER_PROOFS } from "../update/confirmation.ts";
import type { NodeUpdate } from "../update/node-update.ts";
import type { ReaderEngine } from "./engine.ts";
import type { Hardware } from "./hardware.ts";
import type { ReaderIdentity } from "./server-work.ts";

export interface ReaderUpdateParts {
  readonly platform: Platform;
  readonly config: ReaderConfig;
  readonly log: Log;
  readonly identity: ReaderIdentity;
  readonly engine: ReaderEngine;
  readonly hardware: Pick<Hardware, "testNfc">;
  readonly isIdle: () => boolean;
}

/** The reader's updates; `undefined` where board or configuration know of none. */
export function readerUpdate(parts: ReaderUpdateParts): NodeUpdate | undefined {
  const { platform, config, log, identity, engine, hardware, isIdle } = parts;
  const board = platform.update;
  if (board === undefined || config.authority === undefined) return undefined;
  const update = board.start({
    ...{ board, identityId: config.authority, identity, log, isIdle, proofs: READER_PROOFS },
    ...{ timer: platform.timer, clock: platform.clock, system: platform.system },
    requestTimeoutMs: config.limits.requestTimeoutMs,
  });
  engine.onState((_state, { type }) => {
    if (type === "joined") update.saw("network");
    else if (type === "authenticated") update.saw("authenticated");
    else if (type === "checked-in") update.checkedIn();
    else if (type === "nfc-up" && update.isOnTrial)
      hardware.testNfc().then(
        () => update.saw("nfc"),
        (error: unknown) =>
          log.write("warn", "nfc-test-failed", { code: toLatchkeyError(error).code }),
      );
  });
  return update;
}
