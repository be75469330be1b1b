import assert from "node:assert/strict";
import { COMMANDS } from "../../tools/commands/all.ts";
import { FakeWorld } from "./fake-context.ts";

describe("the command line", () => {
  it("explains itself when nothing is asked", async () => {
    const { exitCode, out } = await new FakeWorld().run();
    assert.equal(exitCode, 0);
    for (const { name } of COMMANDS) assert.match(out, new RegExp(`^ {2}${name} `, "m"));
  });

  it("prints its version", async () => {
    assert.equal((await new FakeWorld().run("--version")).out, "latchkey 1.2.3\n");
  });

  for (const { name, options, examples } of COMMANDS) {
    it(`explains ${name}: its options and an example`, async () => {
      const { exitCode, out } = await new FakeWorld().run(name, "--help");
      assert.equal(exitCode, 0);
      for (const option of options) assert.ok(out.includes(`--${option.name}`), option.name);
      assert.ok(out.includes(examples[0]![0]));
      assert.equal(out, (await new FakeWorld().run("help", name)).out);
    });
  }

  it("asks whether another command was meant", async () => {
    const { exitCode, err } = await new FakeWorld().run("docter");
    assert.equal(exitCode, 2);
    assert.match(err, /there is no command `docter`; did you mean `doctor`\?/);
    assert.match(err, /→ See `latchkey --help`/);
    assert.doesNotMatch(err, /at .*\.ts/);
  });

  it("lists the commands when nothing is close", async () => {
    assert.match((await new FakeWorld().run("xyzzy")).err, /there are sim, tap, init/);
  });

  it("asks whether another option was meant", async () => {
    const { exitCode, err } = await new FakeWorld().run("serve", "--prot", "1");
    assert.equal(exitCode, 2);
    assert.match(err, /`latchkey serve` has no option `--prot`; did you mean `--port`\?/);
  });

  for (const [words, message] of [
    [["serve", "--port", "http"], /--port must be a number from 0 to 65535, not `http`/],
    [["serve", "--port", "70000"], /--port must be a number from 0 to 65535/],
    [["serve", "--port="], /--port must be a number/],
    [["serve", "--port"], /--port needs a value <number>/],
    [["serve", "--host", "--quiet"], /--host needs a value/],
    [["serve", "--quiet=1"], /--quiet takes no value/],
    [["serve", "--host", "a", "--host", "b"], /--host is given twice/],
    [["serve", "now"], /does not know what to do with `now`/],
    [["--bogus"], /`latchkey` has no option `--bogus`/],
  ] as const) {
    it(`refuses \`${words.join(" ")}\` and says why`, async () => {
      const { exitCode, err } = await new FakeWorld().run(...words);
      assert.equal(exitCode, 2);
      assert.match(err, message);
    });
  }

  it("takes operands that begin with a dash after --", async () => {
    const { err } = await new FakeWorld().run("sim", "--", "-x.yaml");
    assert.match(err, /there is no scenario `-x\.yaml`/);
  });

  it("reports errors as JSON on request, with their code and the next step", async () => {
    const world = new FakeWorld();
    await world.run("docter", "--json");
    const [error, end] = world.events();
    assert.equal(error?.["type"], "error");
    assert.equal(error?.["code"], "usage");
    assert.match(String(error?.["next"]), /--help/);
    assert.deepEqual(end, { type: "end", exitCode: 2 });
  });

  it("shows a stack trace of a defect only when asked, and says so", async () => {
    const broken = { listSerialPorts: () => Promise.reject(new TypeError("x is not a function")) };
    const quiet = await new FakeWorld(broken).run("console", "--list");
    assert.equal(quiet.exitCode, 70);
    assert.match(quiet.err, /should not have: x is not a function\n.*--verbose/);
    assert.doesNotMatch(quiet.err, /at .*fake|cli\.test/);
    const loud = await new FakeWorld(broken).run("console", "--list", "--verbose");
    assert.match(loud.err, /cli\.test/);
  });

  it("colours only where colours show", async () => {
    assert.ok(!(await new FakeWorld().run("docter")).err.includes("\x1b["));
    assert.ok((await new FakeWorld({ env: { FORCE_COLOR: "1" } }).run("x")).err.includes("\x1b["));
  });
});
