import { type AuthenticationFailures, type ChipMemory, noFailures } from "./ntag424-memory.ts";
import { NATIVE } from "./ntag424-status.ts";

/** Failures in a row after which answers are delayed (AN12196 §7.4). */
const DELAY_FROM = 50;
const CONSECUTIVE_MAX = 0xff;
/** 65 % of the frame waiting time of 38.66 ms (§9): SpentTimeUnit. */
const DELAY_UNIT_US = Math.round(0.65 * 38_660);

/**
 * How long the chip wants to wait, in units. NXP publishes that it grows with every failure up
 * to a maximum, not by how much; one unit per failure is an assumption.
 */
function delayUnits(failures: AuthenticationFailures): number {
  return Math.max(0, failures.consecutive - DELAY_FROM + 1);
}

/**
 * The first part of an authentication, as AN12196 Figure 11 draws it. The attempt counts as a
 * failure from here on, so that walking away before the second part gains nothing.
 * @returns the status word of a refusal if there is one, and the time to let pass
 */
export function beginAttempt(
  memory: ChipMemory,
  keyNumber: number,
): { readonly refusal?: number; readonly waitUs: number } {
  const { failureCounting, failureLimit } = memory.configuration;
  if (!failureCounting) return { waitUs: 0 };
  const failures = memory.failures[keyNumber]!;
  if (failures.total >= failureLimit) return { refusal: NATIVE.PERMISSION_DENIED, waitUs: 0 };
  const units = delayUnits(failures);
  // One unit fits into the frame waiting time; more are spent on refusals.
  if (units > 1 && failures.spentTime < units) {
    failures.spentTime++;
    return { refusal: NATIVE.AUTHENTICATION_DELAY, waitUs: DELAY_UNIT_US };
  }
  failures.total++;
  failures.consecutive = Math.min(CONSECUTIVE_MAX, failures.consecutive + 1);
  failures.spentTime = 0;
  return { waitUs: units === 1 ? DELAY_UNIT_US : 0 };
}

/** The second part has succeeded (Figure 12). A failure has been counted already. */
export function attemptSucceeded(memory: ChipMemory, keyNumber: number): void {
  const { failureCounting, failureDecrement } = memory.configuration;
  if (!failureCounting) return;
  const failures = memory.failures[keyNumber]!;
  failures.total = Math.max(0, failures.total - failureDecrement);
  failures.consecutive = 0;
}

/** ChangeKey gives the key its counters back as they were at delivery. */
export function resetFailures(memory: ChipMemory, keyNumber: number): void {
  Object.assign(memory.failures[keyNumber]!, noFailures());
}
