import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runPrimitive } from "../../protocol/crypto/primitive-case.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { drawnCases } from "../../tools/selftest/drawn-cases.ts";
import { resultText, SUITES, wycheproofCases } from "../../tools/selftest/wycheproof-cases.ts";
import { vectorsFolder } from "../support/vectors.ts";
import type { HostFunctions } from "./run-file.ts";

/** Published cases for the engine, each with what OpenSSL answers. */
export const hostFunctions: HostFunctions = {
  /** Empty where no suites are installed; then the drawn cases are run alone. */
  async cases() {
    const at = (suite: string) => join(vectorsFolder, "wycheproof", `${suite}_test.json`);
    const there = SUITES.filter((suite) => existsSync(at(suite)));
    if (there.length < SUITES.length) console.warn(`SKIPPED: no Wycheproof in ${vectorsFolder}`);
    const published = there.flatMap((suite) =>
      wycheproofCases(suite, readFileSync(at(suite), "utf8")),
    );
    return [...published, ...drawnCases(nodeCrypto)].map(({ name, primitive, args }) => ({
      ...{ name, primitive, args: args.map(toHex) },
      answer: resultText(runPrimitive(nodeCrypto, { primitive, args })),
    }));
  },
};
