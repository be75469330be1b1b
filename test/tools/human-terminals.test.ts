/** Two terminals play holder and verifier: exactly the commands that the page for people names. */
import assert from "node:assert/strict";
import { readText } from "../house/source.ts";
import { FakeWorld } from "./fake-context.ts";

interface Line {
  readonly words: readonly string[];
  /** What the page says of how it ends. */
  readonly exitCode: number;
}

/** The commands of a chapter, in order. */
function commandsOf(chapter: string): Line[] {
  const [, text = ""] =
    new RegExp(`\\n## ${chapter}\\n([\\s\\S]*?)\\n## `).exec(readText("docs/cli.md")) ?? [];
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .map(([, block = ""]) => block.replaceAll("\\\n", " "))
    .flatMap((block) => block.trim().split("\n"))
    .map((line) => {
      const [command = "", comment = ""] = line.split(/\s+# /);
      const [npx, latchkey, ...words] = command.trim().split(/\s+/);
      assert.deepEqual([npx, latchkey], ["npx", "latchkey"], line);
      return { words, exitCode: Number(/ends with (\d)/.exec(comment)?.[1] ?? 0) };
    });
}

describe("the commands of the page about people", () => {
  const lines = commandsOf("human");
  let world: FakeWorld;
  const said: string[] = [];

  before(async function () {
    this.timeout(20_000);
    world = new FakeWorld();
    for (const { words, exitCode } of lines) {
      const run = await world.run(...words);
      said.push(run.out + run.err);
      assert.equal(run.exitCode, exitCode, `${words.join(" ")}\n${run.err}${run.out}`);
      // What a person does with the words that are shown once.
      const mnemonic = /(?:[a-z]+ ){23}[a-z]+/.exec(run.out)?.[0];
      if (mnemonic !== undefined) world.files.set("/desk/words.txt", mnemonic);
    }
  });

  it("all work, in their order, and end as it says", () => {
    assert.equal(said.length, lines.length);
    assert.ok(lines.length >= 12, `${lines.length}`);
    for (const verb of ["new", "recover", "device", "credential", "present", "verify", "status"])
      assert.ok(
        lines.some(({ words }) => words[1] === verb),
        verb,
      );
  });

  it("show the verifier the role and nothing else, and then that it was suspended", () => {
    const [first, second] = said.filter((_, i) => lines[i]!.words[1] === "verify") as [
      string,
      string,
    ];
    assert.match(first, /engineer/);
    assert.ok(!first.includes("Employer") && !first.includes("not asked for"));
    assert.match(second, /credential-suspended/);
  });

  it("keep the words out of every file but the one that the person wrote, and out of all later output", () => {
    const words = String(world.files.get("/desk/words.txt"));
    for (const [path, data] of world.files)
      if (path !== "/desk/words.txt") assert.ok(!String(data).includes(words.slice(0, 30)), path);
    assert.ok(!said.slice(1).join("").includes(words.slice(0, 30)));
  });
});

describe("latchkey human status", () => {
  const NOW = 1_700_000_000_000;
  async function issuer(): Promise<{ world: FakeWorld; run(words: string): Promise<string> }> {
    const world = new FakeWorld({ nowMs: () => NOW });
    world.files.set("/desk/words.txt", `${"abandon ".repeat(23)}art`);
    const run = async (words: string, exitCode = 0): Promise<string> => {
      const done = await world.run("human", ...words.split(" "));
      assert.equal(done.exitCode, exitCode, `${words}\n${done.err}`);
      return done.out + done.err;
    };
    const at = "--status-uri https://contoso.example/statuses";
    await run(`issuer new --id https://contoso.example --words words.txt --folder c ${at}`);
    await run("credential request visit");
    return { world, run };
  }
  const ISSUE =
    "credential issue --folder c --request .latchkey/human/holders/visit.json --type base --out b.sdjwt";
  const TRUST = "--type base --anchor c/anchor.json --audience d.example --nonce 1";

  it("changes an entry by its credential or its number, and never takes a revocation back", async () => {
    const { world, run } = await issuer();
    await run(ISSUE);
    const change = async (words: string) => {
      const done = await world.run("human", "status", ...words.split(" "), "--folder", "c");
      return done.exitCode;
    };
    assert.equal(await change("suspend --credential b.sdjwt"), 0);
    const table = await run("status --folder c");
    const [, index = ""] = /(\d+)\s+suspended/.exec(table) ?? [];
    assert.equal(await change(`reinstate ${index}`), 0);
    assert.equal(await change(`revoke ${index}`), 0);
    for (const wrong of [`reinstate ${index}`, "revoke 131072", "revoke x", "shred", "revoke"])
      assert.notEqual(await change(wrong), 0, wrong);
    assert.notEqual((await world.run("human", "status", "--folder", "other")).exitCode, 0);
  });

  it("is looked at by a verifier that has the list, and another list is refused", async () => {
    const { world, run } = await issuer();
    await run(ISSUE);
    await run("status publish --folder c --out list.jwt");
    await run("present visit --credential b.sdjwt --audience d.example --nonce 1 --out p.txt");
    assert.match(await run(`verify p.txt ${TRUST}`), /not asked for/);
    assert.ok(
      !(await run(`verify p.txt ${TRUST} --status-list list.jwt`)).includes("not asked for"),
    );
    await run("status revoke --credential b.sdjwt --folder c");
    await run("status publish --folder c --out next.jwt");
    const verdict = async (list: string) => {
      const words = `verify p.txt ${TRUST} ${list} --json`;
      const { exitCode, out } = await world.run("human", ...words.split(" "));
      return `${exitCode} ${/status-[a-z-]+|credential-[a-z-]+/.exec(out)?.[0]}`;
    };
    assert.equal(await verdict("--status-list next.jwt"), "1 credential-revoked");
    world.files.set("/desk/forged.jwt", "a.b.c");
    assert.equal(await verdict("--status-list forged.jwt"), "1 status-list-invalid");
    // Somebody else's list, in front of the right one.
    const at = "--status-uri https://other.example/statuses";
    await run(`issuer new --id https://contoso.example --words words.txt --folder o ${at}`);
    await run("status publish --folder o --out foreign.jwt");
    assert.equal(await verdict("--status-list foreign.jwt"), "1 status-list-foreign");
    const both = "--status-list foreign.jwt --status-list next.jwt";
    assert.equal(await verdict(both), "1 credential-revoked");
  });
});
