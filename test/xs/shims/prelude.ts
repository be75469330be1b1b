/**
 * Runs before every bundle on XS. The desktop worker has conveniences that XS on the device lacks
 * (docs/xs.md): they go, so that what passes here cannot lean on them. Time and chance become
 * constants, so that equal runs give equal metering.
 */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };
declare const issueCommand: (request: ArrayBuffer) => ArrayBuffer;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const scope = globalThis as unknown as Record<string, unknown>;

/** Hands a value to the host (JSON) and waits for its answer. */
export function callHost(message: object): unknown {
  const answer = issueCommand(
    encoder.encode(JSON.stringify(message)).slice().buffer as ArrayBuffer,
  );
  const text = decoder.decode(new Uint8Array(answer));
  return text === "" ? undefined : JSON.parse(text);
}

const absent = ["TextEncoder", "TextDecoder", "performance", "Base64", "harden", "gc"];
for (const name of absent) delete scope[name];

const refuse = (name: string) => () => {
  throw new Error(`${name} does not exist on the device: use what the platform hands in`);
};
// fast-check keeps references to the timers when it loads; it calls them for time limits only.
scope["setTimeout"] = refuse("setTimeout");
scope["clearTimeout"] = refuse("clearTimeout");

Date.now = () => 1_700_000_000_000;
let lcg = 1;
Math.random = () => {
  lcg = (Math.imul(lcg, 1_664_525) + 1_013_904_223) >>> 0;
  return lcg / 4_294_967_296;
};

// The engine itself calls console.error for a rejection that nobody handled.
scope["console"] = {
  error: (kind: unknown, reason: unknown) => {
    if (!/^Unhandled/.test(String(kind))) return refuse("console")();
    callHost({ type: "unhandled", message: describeThrown(reason) });
  },
};

/** Name, message and whatever XS knows of the stack. */
export function describeThrown(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `thrown: ${String(thrown)}`;
  const headline = `${thrown.name}: ${thrown.message}`;
  const frames = String(thrown.stack ?? "")
    .split("\n")
    .filter((line) => /^\s*at /.test(line));
  const code = "code" in thrown ? ` [${String(thrown.code)}]` : "";
  return [headline + code, ...frames.slice(0, 6)].join("\n");
}
