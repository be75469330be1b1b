import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { TEMPLATE_KINDS, type TemplateKind } from "../../tools/project-template.ts";
import { nodeConfig } from "../../tools/reader-file.ts";
import { launchServer } from "../../tools/server-launcher.ts";
import { FakeWorld } from "./fake-context.ts";

describe("latchkey init --template", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-template-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const world = () => new FakeWorld({ cwd: folder, serve: launchServer });

  async function makeProject(kind: TemplateKind) {
    const made = world();
    const run = await made.run("init", "project", "--template", kind);
    assert.equal(run.exitCode, 0, run.err);
    for (const [path, text] of made.files) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    return { made, project: join(folder, "project") };
  }

  for (const kind of TEMPLATE_KINDS) {
    it(`${kind} makes a project whose test passes`, async () => {
      const { made, project } = await makeProject(kind);
      const config = JSON.parse(String(made.files.get(join(project, "latchkey.json"))));
      assert.equal(config.node_type, kind === "sensor" ? "sensor" : "reader");
      assert.equal("df1" in config, kind !== "sensor");
      nodeConfig(config);
      assert.equal(npmTest(project), 0);
    }).timeout(120_000);
  }

  it("makes a test that fails when the scenario is wrong", async () => {
    const { made, project } = await makeProject("sensor");
    const scenario = join(project, "scenario.yaml");
    const text = String(made.files.get(scenario));
    writeFileSync(scenario, text.replace("temperature: 31 }", "temperature: 13 }"));
    assert.notEqual(npmTest(project), 0);
  }).timeout(120_000);

  it("names the kinds there are", async () => {
    const { exitCode, err } = await world().run("init", "--template", "door");
    assert.equal(exitCode, 2);
    assert.match(err, /--template must be reader, sensor, both, not `door`/);
  });

  it("leaves a project's files alone that are there already", async () => {
    const made = world();
    const readme = join(folder, "README.md");
    made.files.set(readme, "mine");
    assert.equal((await made.run("init", "--template", "reader")).exitCode, 0);
    assert.equal(made.files.get(readme), "mine");
  });
});

/** With the Node of this run first on the path, as the package's scripts have it. */
function npmTest(cwd: string): number | null {
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync("npm", ["test"], { cwd, env: { ...env, PATH: path } }).status;
}
