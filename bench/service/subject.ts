import type { Child } from "./child.ts";
import type { Work } from "./load.ts";

/** A server in a process of its own, and what is asked of it. */
export interface Subject {
  readonly name: string;
  readonly child: Child<{ readonly url: string }>;
  readonly work: Work;
  /** Makes ready what the client needs for so much work, outside of what is timed. */
  readonly prepare?: (count: number) => void;
}
