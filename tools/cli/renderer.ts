import type { CliEvent } from "./event.ts";

/** Writes what commands say. */
export interface Renderer {
  event(event: CliEvent): void;
  /** A failure that ended the command; with its stack when `verbose`. */
  error(error: unknown, verbose: boolean): void;
  end(exitCode: number): void;
}
