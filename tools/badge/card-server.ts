import {
  CARD_STEP_PATH,
  type CardOutcome,
  type CardStart,
  type CardStep,
  parseCardStep,
  writeCardAnswer,
  writeCardStart,
} from "../../protocol/badge/card-step.ts";
import { isLatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import { fromProblem } from "../../protocol/json/problem.ts";
import { type JsonObject, parseObject } from "../../protocol/json/reader.ts";
import type { CardChannel } from "./card-channel.ts";

/** What is to be done; the tenant is the server's first when it is not named. */
export type CardWish = Omit<CardStart, "kind" | "badgeUid" | "tenantId"> & {
  readonly tenantId?: string;
};

/** Where keys and journal are: a server elsewhere, or its data folder on this machine. */
export interface CardServer {
  run(wish: CardWish, card: CardChannel): Promise<CardOutcome>;
  close(): Promise<void>;
}

/** Posts JSON and gives status and text. @throws network-failed, network-timeout */
export type PostJson = (
  path: string,
  body: JsonObject,
) => Promise<{ readonly status: number; readonly body: string }>;

/** How often a step is sent until it meets the replica that has the work. */
const TRIES_MAX = 32;

/**
 * Carries APDUs between a card here and the server that works on it, until the work is over. When
 * the card is gone the server is told, so that it forgets the session at once.
 * @throws what the server says; what the card's side throws, when the card was the reason
 */
export async function relayCard(
  post: PostJson,
  start: CardStart,
  { transceive }: Pick<CardChannel, "transceive">,
): Promise<CardOutcome> {
  const ask = async (body: JsonObject): Promise<CardStep> => {
    for (let tries = 1; ; tries++) {
      const answer = await post(CARD_STEP_PATH, body);
      if (answer.status === 200) return parseCardStep(parseObject(answer.body));
      const problem = fromProblem(answer.status, answer.body);
      if (!isLatchkeyError(problem, "card-run-elsewhere") || tries === TRIES_MAX) throw problem;
    }
  };
  let step = await ask(writeCardStart(start));
  while (step.kind === "command") {
    const { runId, apdu } = step;
    const response = await transceive(apdu).catch(async (error: unknown) => {
      await ask(writeCardAnswer({ kind: "lost", runId })).catch(() => undefined);
      throw toLatchkeyError(error);
    });
    step = await ask(writeCardAnswer({ kind: "response", runId, response }));
  }
  return step.outcome;
}
