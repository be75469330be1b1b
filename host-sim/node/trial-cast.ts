import type { BadgeKind, Fault, ScenarioBadge } from "../scenario/scenario.ts";

const badge = (kind: BadgeKind, rest: Partial<ScenarioBadge> = {}): ScenarioBadge => ({
  kind,
  mode: "STD",
  holder: kind,
  ...rest,
});

/** Badges of every kind but the emulator: one that was heard before its original is good once. */
export const TRIAL_BADGES = {
  alice: badge("good"),
  bob: badge("good", { mode: "HS" }),
  slow: badge("slow"),
  carol: badge("revoked"),
  dave: badge("not-entitled"),
  mallory: badge("other-tenant"),
  elsewhere: badge("other-reader", { mode: "HS" }),
  clone: badge("clone", { of: "alice" }),
  unregistered: badge("unregistered"),
  blank: badge("blank"),
};

/** Faults that come and go. */
export const TRIAL_FAULTS: readonly Fault[] = [
  ...(
    ["dns", "portal", "half-open", "drop", "duplicate", "corrupt", "truncate", "reset"] as const
  ).map((mode) => ({ part: "network", mode, probability: 0.5 }) as const),
  { part: "network", mode: "down", probability: 1 },
  { part: "delay", delayUs: 900_000 },
  { part: "i2c", mode: "nack", probability: 0.02 },
  { part: "i2c", mode: "flip", probability: 0.005 },
  { part: "i2c", mode: "stretch", probability: 0.02 },
  { part: "i2c", mode: "stuck", probability: 1 },
  { part: "pn532", mode: "wedge" },
  { part: "pn532", mode: "unplug" },
  { part: "server", mode: "down" },
  { part: "server", mode: "rogue" },
  { part: "server", mode: "error" },
];
