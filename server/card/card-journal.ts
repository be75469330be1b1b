import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { ServiceContext } from "../context.ts";
import type { BadgeChange, CardChange, CardJob, CardRow } from "../store/card-rows.ts";
import type { Badge } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import { decideJob } from "./card-job.ts";
import type { CardOrder } from "./card-order.ts";

/**
 * The journal of one card's work. Every note is durable before the command that it speaks of is
 * sent, and is written only over what this run itself has read: of two runs on one card, the one
 * that comes late ends here.
 */
export class CardJournal {
  readonly #context: ServiceContext;
  #card: CardRow;
  readonly badge: Badge | undefined;
  readonly #by: { readonly by?: string };

  private constructor(
    context: ServiceContext,
    card: CardRow,
    badge: Badge | undefined,
    { by }: CardOrder,
  ) {
    this.#context = context;
    this.#card = card;
    this.badge = badge;
    this.#by = by === undefined ? {} : { by };
  }

  /**
   * Opens the job that the order asks for, or the unfinished one of the same command.
   * @throws conflict, card-unfinished, card-locked, badge-unknown, busy
   */
  static async open(context: ServiceContext, order: CardOrder): Promise<CardJournal> {
    const { records } = context;
    const { tenantId } = order;
    const badgeUid = toHex(order.badgeUid);
    const badge = await records.badge(tenantId, badgeUid);
    const row = (await records.card(tenantId, badgeUid)) ?? freshRow(tenantId, badgeUid, badge);
    // A job that never came to write has left nothing on the card: it is forgotten.
    const card = row.writing ? row : { ...row, job: undefined };
    const journal = new CardJournal(context, card, badge, order);
    const job = decideJob(order, card, badge);
    if (job === undefined) return journal;
    await journal.#save({ card: { ...card, job } });
    return journal;
  }

  get card(): CardRow {
    return this.#card;
  }

  /** Absent when the card is as it was asked for. */
  get job(): CardJob | undefined {
    return this.#card.job;
  }

  /** Before the first command that changes the card: from here on its badge opens nothing. */
  async writing(): Promise<void> {
    const { writing, generationMax: before } = this.#card;
    const generationMax = Math.max(before, this.#requireJob().target);
    if (writing && generationMax === before) return;
    await this.#save({ card: { ...this.#card, generationMax, writing: true } });
  }

  /** Before the payload with this key goes onto the card. */
  async expectKey(badgePk: Uint8Array): Promise<void> {
    const job = { ...this.#requireJob(), badgePk: toHex(badgePk) };
    await this.#save({ card: { ...this.#card, job } });
  }

  /** The card is proved to be as it should. */
  async finish(badge?: BadgeChange): Promise<void> {
    const { tenantId, badgeUid } = this.#card;
    const { command, target, targetLock } = this.#requireJob();
    const done = { command, key_generation: target, lock: targetLock, ...this.#by };
    const data = { badge_uid: badgeUid, ...done };
    const at = unixSeconds(this.#context.clock);
    await this.#save({
      card: {
        ...this.#card,
        generation: target,
        lock: targetLock,
        writing: false,
        job: undefined,
      },
      entry: { tenantId, at, kind: "card-written", data },
      ...(badge && { badge }),
    });
  }

  #requireJob(): CardJob {
    const { job } = this.#card;
    if (job === undefined) throw new TypeError("card: there is no job");
    return job;
  }

  async #save(change: CardChange): Promise<void> {
    if (!(await this.#context.records.saveCard(change)))
      throw new LatchkeyError("busy", {
        message: "Somebody else works on this badge at the same time; this run stops.",
      });
    this.#card = { ...change.card, revision: change.card.revision + 1 };
  }
}

/** A badge without a row was written by other means, with the first set of keys. */
function freshRow(tenantId: string, badgeUid: string, badge: Badge | undefined): CardRow {
  const generation = badge === undefined ? 0 : badge.keyGeneration;
  const state = { generation, generationMax: generation, lock: "open" } as const;
  return { tenantId, badgeUid, revision: 0, ...state, writing: false, job: undefined };
}
