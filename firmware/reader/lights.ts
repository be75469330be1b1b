import type { Buzzer } from "../../hal/buzzer.ts";
import type { Led, LedPatternName } from "../../hal/led.ts";
import type { Feedback } from "./machine.ts";

type Light = Pick<Led, "play" | "off" | "close">;
type Sound = Pick<Buzzer, "play" | "close">;

/** Which light says it. Green only ever means: the door opens, or you may come. */
const LIGHT: Readonly<Record<Feedback, readonly ["green" | "red", LedPatternName]>> = Object.freeze(
  {
    ready: ["green", "ready"],
    busy: ["green", "busy"],
    granted: ["green", "granted"],
    denied: ["red", "denied"],
    error: ["red", "error"],
  },
);

/** Light and sound for those who do not read the display. Either may be missing. */
export class Lights {
  readonly #leds: { readonly green: Light; readonly red: Light } | undefined;
  readonly #buzzer: Sound | undefined;

  constructor(leds: { green: Light; red: Light } | undefined, buzzer: Sound | undefined) {
    this.#leds = leds;
    this.#buzzer = buzzer;
  }

  show(feedback: Feedback): void {
    const [colour, pattern] = LIGHT[feedback];
    if (this.#leds !== undefined) {
      this.#leds[colour === "green" ? "red" : "green"].off();
      this.#leds[colour].play(pattern);
    }
    if (feedback === "busy") this.#buzzer?.play("tap");
    else if (feedback !== "ready") this.#buzzer?.play(feedback);
  }

  close(): void {
    this.#leds?.green.close();
    this.#leds?.red.close();
    this.#buzzer?.close();
  }
}
