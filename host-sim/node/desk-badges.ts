import type { ScenarioBadge } from "../scenario/scenario.ts";

/** Badges on the desk, in the order of the number keys, and what to say of them. */
export const DESK_BADGES: Readonly<Record<string, ScenarioBadge & { readonly title: string }>> =
  Object.freeze({
    alice: { kind: "good", mode: "STD", holder: "Alice", title: "Alice's badge" },
    bob: {
      kind: "good",
      mode: "HS",
      holder: "Bob",
      title: "Bob's badge, for this reader only (HS)",
    },
    carol: { kind: "revoked", mode: "STD", holder: "Carol", title: "Carol's badge, revoked" },
    dave: { kind: "not-entitled", mode: "STD", holder: "Dave", title: "Dave's, for another door" },
    eve: { kind: "clone", mode: "STD", holder: "Eve", of: "alice", title: "a copy of Alice's" },
    trudy: {
      kind: "emulator",
      mode: "STD",
      holder: "Trudy",
      of: "alice",
      title: "a recording of Alice's, stale once she has tapped",
    },
    mallory: { kind: "other-tenant", mode: "STD", holder: "Mallory", title: "of another tenant" },
    blank: { kind: "blank", mode: "STD", holder: "", title: "a factory-fresh chip" },
    sam: {
      kind: "good",
      mode: "STD",
      profile: "sealed",
      holder: "Sam",
      title: "Sam's, sealed: its chip talks to the server",
    },
  });
