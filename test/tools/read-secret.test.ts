import assert from "node:assert/strict";
import { readSecret } from "../../tools/cli/read-secret.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { FakeWorld } from "./fake-context.ts";

function typed(...chunks: string[]): Promise<string> {
  const world = new FakeWorld();
  const secret = readSecret(world.context, "Passphrase");
  for (const chunk of chunks) world.stdin.write(chunk);
  return secret;
}

describe("a secret that is typed", () => {
  it("is what stood there at Enter, however it came", async () => {
    assert.equal(await typed("hunter2\n"), "hunter2");
    assert.equal(await typed("hun", "terr", "\u007f2", "\r"), "hunter2");
    assert.equal(await typed(`${"x".repeat(128)}\n`), "x".repeat(128));
  });

  it("of more than 128 characters is refused, and never cut", async () => {
    const error = await rejectsCode(typed(`${"x".repeat(129)}\n`), "malformed");
    assert.doesNotMatch(error.message, /xx/);
    await rejectsCode(typed(`${"x".repeat(100_000)}\n`), "malformed");
    assert.equal(await typed(`${"x".repeat(129)}\u007f\n`), "x".repeat(128), "one taken back");
  });

  it("ends with Ctrl-C, and where the input ends", async () => {
    await rejectsCode(typed("abc\u0003"), "cancelled");
    const world = new FakeWorld();
    const secret = readSecret(world.context, "Passphrase");
    world.stdin.end("abc");
    await rejectsCode(secret, "cancelled");
  });
});
