import { concat } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { type CommandName, EXCHANGE_DATA_MAX } from "./commands.ts";
import { damaged } from "./frame.ts";
import type { ExchangeOptions } from "./link.ts";
import type { DataExchangeOptions } from "./options.ts";
import { STATUS_ERROR_MASK, STATUS_MORE, statusError } from "./status.ts";

/** Sends one command and gives back the data of its reply. */
export type RunCommand = (
  name: CommandName,
  data: Uint8Array,
  replyBytes: number,
  options?: Partial<ExchangeOptions>,
) => Promise<Uint8Array>;

/** Upper bound for one block with waiting time extensions; the chip itself gives up earlier. */
export const CARD_LIMIT_MS = 2_000;
/** Covers status words and short answers; a longer one costs a NACK and a second read. */
const UNKNOWN_ANSWER_BYTES = 16;
/** A card that never stops sending (MI) must not fill the memory. */
const CHAINED_ANSWER_MAX = 4_096;

/**
 * InDataExchange (UM0701-02 §7.3.8), chained where one frame is not enough:
 *
 * ```
 * 40 Tg|MI data(262)   →   41 00            more of the command follows
 * 40 Tg    data(rest)  →   41 40 data(262)  more of the answer follows
 * 40 Tg                →   41 00 data(rest)
 * ```
 * @throws pn532-status, card-protocol (an answer without end), and all that `run` throws
 */
export async function exchangeData(
  run: RunCommand,
  tg: number,
  data: Uint8Array,
  options: DataExchangeOptions = {},
): Promise<Uint8Array> {
  const timeoutMs = options.timeoutMs ?? CARD_LIMIT_MS;
  let at = 0;
  for (; data.length - at > EXCHANGE_DATA_MAX; at += EXCHANGE_DATA_MAX) {
    const part = data.subarray(at, at + EXCHANGE_DATA_MAX);
    blockOf(await sendBlock(run, tg | STATUS_MORE, part, 0, timeoutMs));
  }
  const expect = options.expectBytes ?? UNKNOWN_ANSWER_BYTES;
  const rest = at === 0 ? data : data.subarray(at);
  let block = blockOf(await sendBlock(run, tg, rest, expect, timeoutMs));
  if (!block.more) return block.data;
  const parts = [block.data];
  let total = block.data.length;
  while (block.more) {
    const nothing = new Uint8Array(0);
    block = blockOf(await sendBlock(run, tg, nothing, EXCHANGE_DATA_MAX, timeoutMs));
    total += block.data.length;
    if (total > CHAINED_ANSWER_MAX || (block.more && block.data.length === 0))
      throw new LatchkeyError("card-protocol", { message: "the card's answer does not end" });
    parts.push(block.data);
  }
  return concat(...parts);
}

function sendBlock(
  run: RunCommand,
  tg: number,
  data: Uint8Array,
  expectBytes: number,
  timeoutMs: number,
): Promise<Uint8Array> {
  const replyBytes = 1 + Math.min(expectBytes, EXCHANGE_DATA_MAX);
  const body = new Uint8Array(1 + data.length);
  body[0] = tg;
  body.set(data, 1);
  // A card may have obeyed although its answer was lost: sending again is not ours to decide.
  return run("InDataExchange", body, replyBytes, { timeoutMs, repeatable: false });
}

function blockOf(reply: Uint8Array): { data: Uint8Array; more: boolean } {
  const status = checkStatus("InDataExchange", reply);
  return { data: reply.subarray(1), more: (status & STATUS_MORE) !== 0 };
}

/** The status byte that a reply begins with. @throws pn532-status, pn532-frame */
export function checkStatus(command: CommandName, reply: Uint8Array): number {
  const status = reply[0];
  if (status === undefined) throw damaged(`${command}: no status`);
  if ((status & STATUS_ERROR_MASK) !== 0) throw statusError(status, command);
  return status;
}
