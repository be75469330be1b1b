import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";
import { type BrowserContext, chromium } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";

/** Without the network, and without what a browser does besides. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Skips loudly where Chromium is not installed; fails where it must be. */
export function needChromium(test: Context): void {
  if (existsSync(PROGRAM)) return;
  const why = "Chromium is not installed (apt: chromium)";
  if (process.env["CI"] === "true") throw new Error(why);
  console.warn(`SKIPPED: the SDK is tried in no real browser: ${why}`);
  test.skip();
}

export interface TestBrowser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** A browser that nobody has used before. */
export async function openChromium(): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-chromium-"));
  const options = { executablePath: PROGRAM, headless: true, args: QUIET, chromiumSandbox: false };
  const context = await chromium.launchPersistentContext(folder, options);
  return {
    context,
    async close() {
      await context.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
