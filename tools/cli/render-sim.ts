import type { SimEvent, SimResult, TapOutcome } from "../../host-sim/scenario/events.ts";
import type { Style } from "./style.ts";

/** One event of a simulation as lines for people; `undefined` when it is not worth one. */
export function renderSim(event: SimEvent, style: Style): string | undefined {
  if (event.type === "result") return renderResult(event, style);
  const at = style.dim(`${(event.atMs / 1000).toFixed(3).padStart(9)} s`);
  switch (event.type) {
    case "screen": {
      const shown = event.lines.map((line) => line.trim()).filter((line) => line !== "");
      return `${at}  ${style.dim("screen")}  ${shown.join(style.dim(" │ "))}`;
    }
    case "serial":
      return event.text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => `${at}  ${style.dim("serial")}  ${line.trimEnd()}`)
        .join("\n");
    case "relay":
      return `${at}  ${style.dim("relay")}   ${event.energised ? style.green("energised") : "released"}`;
    case "state":
      return undefined; // the screen says the same
    case "badge":
      return `${at}  ${style.dim("badge")}   ${event.badge} ${event.action} the field`;
    case "decision":
      return `${at}  ${style.dim("door")}    ${outcomeText(event, style)}`;
    case "note":
      return `${at}  ${style.dim("note")}    ${event.text}`;
    case "screenshot":
      return `${at}  ${style.dim("picture")} ${event.path}`;
    case "expect": {
      const mark = event.ok ? style.green("✔") : style.red("✖");
      const where = event.line === 0 ? "" : style.dim(` (line ${event.line})`);
      const seen =
        event.ok || event.seen === undefined ? "" : `\n${" ".repeat(21)}saw ${event.seen}`;
      return `${at}  ${mark} expect ${event.text}${where}${seen}`;
    }
  }
}

/** `GRANTED to Ada in 71.2 ms (bus 31.0, air 24.1, network 16.1)`. */
export function outcomeText(outcome: TapOutcome, style: Style): string {
  const verdict = outcome.granted
    ? style.green(`GRANTED${outcome.holder === undefined ? "" : ` to ${outcome.holder}`}`)
    : style.red(`DENIED: ${outcome.reason ?? "no reason given"}`);
  const parts = Object.entries(outcome.breakdown ?? {}).map(([k, ms]) => `${k} ${ms.toFixed(1)}`);
  const why = parts.length === 0 ? "" : style.dim(` (${parts.join(", ")})`);
  return `${verdict} in ${outcome.tookMs.toFixed(1)} ms${why}`;
}

function renderResult(result: SimResult, style: Style): string {
  const speed = result.atMs / Math.max(result.wallMs, 0.001);
  const took = `${(result.atMs / 1000).toFixed(1)} s simulated in ${Math.round(result.wallMs)} ms`;
  const boot = Object.entries(result.boot ?? {}).map(([part, ms]) => `${part} ${ms.toFixed(1)}`);
  return [
    "",
    result.ok
      ? `${style.green("✔ as expected")}`
      : style.red(`✖ ${result.message ?? "not as expected"}${code(result)}`),
    ...(boot.length === 0 ? [] : [style.dim(`  boot to VERIFIED, ms: ${boot.join(", ")}`)]),
    style.dim(`  ${took} (${Math.round(speed)} × real time)`),
    style.dim(`  seed ${result.seed} · trace ${result.traceHash.slice(0, 16)}`),
  ].join("\n");
}

const code = (result: SimResult): string => (result.code === undefined ? "" : ` [${result.code}]`);
