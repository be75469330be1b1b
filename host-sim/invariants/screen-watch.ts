import type { ReaderHandle } from "../../firmware/reader/reader.ts";
import { readText } from "../display/read-text.ts";
import type { Report } from "./violation.ts";
import type { Watched } from "./watched.ts";

const LOOK_US = 100_000;
/** A picture has been drawn this long after its state began, unless a tap keeps the CPU. */
const DRAWN_US = 700_000;
/** Stages in which nothing keeps the painter from its work. */
const QUIET = ["ready", "granted", "denied", "error", "network", "pending"];

/**
 * Reads the panel's pixels as somebody in front of the door does. GRANTED stands there only while
 * the relay is, or was just now, energised; and what stands there is what the state means.
 */
export class ScreenWatch {
  readonly #watched: Watched;
  readonly #report: Report;
  #nextLookUs = 0;
  #revision = -1;
  #text = "";
  #stage = "";
  #stageSinceUs = 0;
  #energisedUs = Number.NEGATIVE_INFINITY;
  #releasedUs = Number.NEGATIVE_INFINITY;
  #faults = 0;

  constructor(watched: Watched, report: Report) {
    this.#watched = watched;
    this.#report = report;
    const { board, world } = watched;
    board.onBoot((reader) => this.#follow(reader));
    board.relay.onChange(({ energised, timeUs }) => {
      if (energised) this.#energisedUs = timeUs;
      else this.#releasedUs = timeUs;
    });
    this.#stageSinceUs = world.nowUs();
  }

  afterStep(): void {
    const { board, world } = this.#watched;
    const { display } = board;
    const nowUs = world.nowUs();
    if (display === undefined || nowUs < this.#nextLookUs) return;
    this.#nextLookUs = nowUs + LOOK_US;
    if (display.faults.length > this.#faults)
      this.#report("display-protocol", display.faults.slice(this.#faults).join(", "));
    this.#faults = display.faults.length;
    if (display.revision !== this.#revision) {
      this.#revision = display.revision;
      this.#text = readText(display.bitmap()).join("\n");
    }
    if (this.#text.includes("GRANTED")) this.#granted(nowUs);
    this.#title(nowUs);
  }

  #granted(nowUs: number): void {
    const { board, resultMs } = this.#watched;
    const sinceUs = nowUs - this.#energisedUs;
    if (board.relay.energised || sinceUs <= resultMs * 1000 + DRAWN_US) return;
    // A reset opens the relay at once; the panel keeps its picture until the program is back.
    if (nowUs - this.#releasedUs <= DRAWN_US) return;
    this.#report("screen-disagrees", "the screen says GRANTED and the relay was not energised");
  }

  #title(nowUs: number): void {
    const { reader } = this.#watched.board;
    if (reader === undefined || nowUs - this.#stageSinceUs < DRAWN_US) return;
    if (!QUIET.includes(reader.state.stage) || reader.state.stage !== this.#stage) return;
    const { title } = reader.screen;
    if (this.#text.includes(title)) return;
    const said = this.#text.replaceAll("\n", " / ");
    this.#report("screen-disagrees", `state ${this.#stage} needs ${title}, the panel says ${said}`);
  }

  #follow(reader: ReaderHandle): void {
    const mark = (): void => {
      this.#stage = reader.state.stage;
      this.#stageSinceUs = this.#watched.world.nowUs();
    };
    mark();
    let { title } = reader.screen;
    reader.onState(({ stage }) => {
      const shown = reader.screen.title;
      if (stage !== this.#stage || shown !== title) mark();
      title = shown;
    });
  }
}
