import { join } from "node:path";
import { LatchkeyError } from "../../protocol/errors.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { AnswersDigest } from "./answers-digest.ts";
import { drawnCases } from "./drawn-cases.ts";
import type { LinkLines } from "./link-lines.ts";
import { VectorTalk } from "./vector-talk.ts";
import { SUITES, wycheproofCases } from "./wycheproof-cases.ts";

/** So many wrong results are named; after that they are only counted. */
const NAMED_MAX = 10;
const PROGRESS_EVERY = 20;

export interface VectorOutcome {
  readonly failed: number;
  readonly passed: number;
}

/**
 * Has a node run every case of the suites in a folder, and the drawn ones, one by one.
 * @throws file-unusable when a suite is not there, console-silent
 */
export async function* runVectors(
  { context, lines, target }: { context: Context; lines: LinkLines; target: string },
  folder: string,
): AsyncGenerator<CliEvent, VectorOutcome> {
  const cases = [...SUITES.flatMap((suite) => readSuite(context, folder, suite))];
  cases.push(...drawnCases(nodeCrypto));
  const talk = new VectorTalk(lines, context.timer, target);
  const digest = new AnswersDigest();
  let failed = 0;
  for (const [i, judged] of cases.entries()) {
    const found = digest.add(judged, await talk.run(judged));
    if (found !== undefined && failed++ < NAMED_MAX)
      yield { type: "check", name: judged.name, state: "failed", text: found };
    const done = i + 1;
    if (done % PROGRESS_EVERY === 0 || done === cases.length)
      yield { type: "progress", text: `${done} cases`, done, of: cases.length };
  }
  // The same for every engine that is right: what is compared between boards, desks and simulator.
  yield { type: "note", text: `answers ${digest.text()}, of ${cases.length} cases` };
  return { failed, passed: cases.length - failed };
}

function readSuite(context: Context, folder: string, suite: (typeof SUITES)[number]) {
  const path = join(folder, `${suite}_test.json`);
  const text = context.readText(path);
  if (text === undefined)
    throw new LatchkeyError("file-unusable", { message: `there is no ${path}` });
  return wycheproofCases(suite, text);
}
