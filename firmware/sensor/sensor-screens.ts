import { cropped, elapsedText, keyScreen, type Screen } from "../reader/screens.ts";
import { errorWords } from "../reader/words.ts";
import type { ConnectionStage } from "./node-connection.ts";
import type { SensorNodeParts } from "./sensor-node.ts";
import { valueTexts } from "./value-text.ts";

const TITLES: Readonly<Record<Exclude<ConnectionStage, "active">, string>> = Object.freeze({
  network: "NETWORK",
  registering: "REGISTERING",
  pending: "PENDING",
  authenticating: "CHALLENGE",
});
/** Below the title. */
const LINES = 3;

/**
 * What the display of a sensor node shows: what it measures. The first value is the title; below
 * stand others, and in the last line what is wrong. On the way to the server, the step; and
 * while it waits for approval, its key.
 */
export function nodeScreen(parts: SensorNodeParts): Screen {
  const { config, reporting, connection, platform, identity } = parts;
  const key = connection.stage === "pending" ? parts.key.of(identity.state.nodePk) : undefined;
  if (key !== undefined) return keyScreen("PENDING", "approve", key);
  const left = cropped(config.label, 12);
  const nowMs = platform.clock.monotonicMs();
  const values = reporting.work.sensors.flatMap(({ plan, faults, last }) =>
    last === undefined || faults.current !== undefined ? [] : valueTexts(plan.name, last.values),
  );
  const trouble = troubleLine(parts, nowMs);
  const [first, ...others] = values;
  if (first === undefined) {
    const title = connection.stage === "active" ? "NO READING" : TITLES[connection.stage];
    return { left, right: elapsedText(nowMs), title, lines: ["", cropped(trouble)] };
  }
  const lines = others.slice(0, LINES - 1).map(({ long }) => cropped(long));
  while (lines.length < LINES - 1) lines.push("");
  return { left, right: stateText(parts), title: first.short, lines: [...lines, cropped(trouble)] };
}

/** Whether the server hears of it: nothing to say when all is well. */
function stateText({ connection, reporting }: SensorNodeParts): string {
  const { waiting } = reporting.readings;
  if (connection.stage === "active") return waiting > 0 ? `+${waiting}` : "";
  return cropped(TITLES[connection.stage], 8);
}

function troubleLine({ reporting, connection }: SensorNodeParts, nowMs: number): string {
  const { work, uploader } = reporting;
  const failing = work.sensors.find(({ faults }) => faults.current !== undefined);
  if (failing !== undefined) return `${failing.plan.name}: ${failing.faults.current!.code}`;
  if (work.storageError !== undefined) return work.storageError.code;
  const { fault } = connection;
  if (fault !== undefined) {
    const { title } = errorWords(fault.code, "network");
    return `${title}, ${Math.max(0, Math.ceil((fault.retryAtMs - nowMs) / 1000))} s`;
  }
  return uploader.lastError ?? "";
}
