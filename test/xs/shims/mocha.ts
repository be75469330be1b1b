/** The part of mocha's BDD interface that the portable suites use, for XS. */
import { takeCompute, totalCompute } from "./meter.ts";
import { callHost, describeThrown } from "./prelude.ts";

type Body = (this: TestContext, done?: (error?: unknown) => void) => unknown;
type HookKind = "before" | "beforeEach" | "after" | "afterEach";

class SkipSignal {}

/** What `this` is inside tests and hooks. Time limits are the lane's: it kills a hung engine. */
class TestContext {
  skip(): never {
    throw new SkipSignal();
  }
  timeout(): this {
    return this;
  }
  slow(): this {
    return this;
  }
  retries(): this {
    return this;
  }
}

interface Test {
  readonly title: string;
  readonly body: Body | undefined;
}

class Suite {
  readonly title: string;
  readonly parent: Suite | undefined;
  readonly skipped: boolean;
  readonly children: (Suite | Test)[] = [];
  readonly hooks: Record<HookKind, Body[]> = {
    before: [],
    beforeEach: [],
    after: [],
    afterEach: [],
  };

  constructor(title: string, parent: Suite | undefined, skipped: boolean) {
    this.title = title;
    this.parent = parent;
    this.skipped = skipped || (parent?.skipped ?? false);
  }

  /** From the outermost to this one. */
  get path(): Suite[] {
    return this.parent === undefined ? [this] : [...this.parent.path, this];
  }

  get fullTitle(): string {
    return this.path
      .slice(1)
      .map((suite) => suite.title)
      .join(" › ");
  }
}

const root = new Suite("", undefined, false);
let current = root;

function defineSuite(title: string, body: (this: TestContext) => void, skipped: boolean): void {
  const suite = new Suite(title, current, skipped);
  current.children.push(suite);
  current = suite;
  try {
    body.call(new TestContext());
  } finally {
    current = suite.parent ?? root;
  }
}

const describe = Object.assign(
  (title: string, body: (this: TestContext) => void) => defineSuite(title, body, false),
  { skip: (title: string, body: (this: TestContext) => void) => defineSuite(title, body, true) },
);
const it = Object.assign(
  (title: string, body?: Body) => void current.children.push({ title, body }),
  { skip: (title: string) => void current.children.push({ title, body: undefined }) },
);
const hook = (kind: HookKind) => (first: string | Body, second?: Body) =>
  void current.hooks[kind].push(typeof first === "string" ? second! : first);

Object.assign(globalThis, {
  describe,
  context: describe,
  it,
  specify: it,
  before: hook("before"),
  beforeEach: hook("beforeEach"),
  after: hook("after"),
  afterEach: hook("afterEach"),
});

/** Runs all that the suites defined and reports every test to the host. */
export async function runAll(grep: string): Promise<void> {
  await runSuite(root, new RegExp(grep));
  callHost({ type: "end", compute: totalCompute() });
}

async function runSuite(suite: Suite, grep: RegExp): Promise<void> {
  const context = new TestContext();
  const wanted = hasTest(suite, grep);
  if (!wanted) return;
  const broken = suite.skipped ? undefined : await attempt(suite.hooks.before, context);
  for (const child of suite.children) {
    if (child instanceof Suite) await runSuite(child, grep);
    else if (grep.test(`${suite.fullTitle} ${child.title}`)) await runTest(suite, child, broken);
  }
  const after = suite.skipped ? undefined : await attempt(suite.hooks.after, context);
  if (after !== undefined && !(after.thrown instanceof SkipSignal)) {
    begin(suite, '"after" hook');
    finish("failed", describeThrown(after.thrown));
  }
}

function hasTest(suite: Suite, grep: RegExp): boolean {
  return suite.children.some((child) =>
    child instanceof Suite ? hasTest(child, grep) : grep.test(`${suite.fullTitle} ${child.title}`),
  );
}

async function runTest(suite: Suite, test: Test, broken: Failure | undefined): Promise<void> {
  begin(suite, test.title);
  if (suite.skipped || test.body === undefined) return finish("skipped");
  const context = new TestContext();
  const befores = suite.path.flatMap((outer) => outer.hooks.beforeEach);
  const afters = suite.path.reverse().flatMap((outer) => outer.hooks.afterEach);
  let failure = broken ?? (await attempt([...befores, test.body], context));
  const cleanup = broken === undefined ? await attempt(afters, context) : undefined;
  failure ??= cleanup;
  if (failure === undefined) finish("passed");
  else if (failure.thrown instanceof SkipSignal) finish("skipped");
  else finish("failed", describeThrown(failure.thrown));
}

interface Failure {
  readonly thrown: unknown;
}

async function attempt(
  bodies: readonly Body[],
  context: TestContext,
): Promise<Failure | undefined> {
  try {
    for (const body of bodies) await call(body, context);
    return undefined;
  } catch (thrown) {
    return { thrown };
  }
}

function call(body: Body, context: TestContext): unknown {
  if (body.length === 0) return body.call(context);
  return new Promise<void>((resolve, reject) => {
    body.call(context, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

function begin(suite: Suite, title: string): void {
  takeCompute();
  callHost({ type: "begin", suite: suite.fullTitle, title });
}

function finish(state: "passed" | "failed" | "skipped", error?: string): void {
  callHost({ type: "finish", state, error, compute: takeCompute() });
}
