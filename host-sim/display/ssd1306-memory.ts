export const COLUMNS = 128;
export const PAGES = 8;

export type AddressingMode = "horizontal" | "vertical" | "page";

/**
 * GDDRAM of the SSD1306, 128 × 64 bits in eight pages, and its address pointer (data sheet
 * §8.7 and §10.1.3). Bytes are kept by segment line, since the segment remap acts when data is
 * written and not when it is shown.
 */
export class DisplayMemory {
  readonly segments = new Uint8Array(COLUMNS * PAGES);
  mode: AddressingMode = "page";
  remapped = false;
  #column = 0;
  #page = 0;
  #columnStart = 0;
  #columnEnd = COLUMNS - 1;
  #pageStart = 0;
  #pageEnd = PAGES - 1;
  /** Where a page-mode line starts again. */
  #pageModeColumn = 0;

  /** The registers of a reset; what the memory holds stays. */
  reset(): void {
    this.mode = "page";
    this.remapped = false;
    this.#column = 0;
    this.#page = 0;
    this.#pageModeColumn = 0;
    this.setColumns(0, COLUMNS - 1);
    this.setPages(0, PAGES - 1);
  }

  setColumns(start: number, end: number): void {
    this.#columnStart = start;
    this.#columnEnd = end;
    this.#column = start;
  }

  setPages(start: number, end: number): void {
    this.#pageStart = start;
    this.#pageEnd = end;
    this.#page = start;
  }

  setPage(page: number): void {
    this.#page = page;
  }

  /** Half of the column of page mode: `high` is its upper nibble. */
  setColumnNibble(nibble: number, high: boolean): void {
    const column = this.#pageModeColumn;
    this.#pageModeColumn = high ? ((nibble & 7) << 4) | (column & 15) : (column & 0x70) | nibble;
    this.#column = this.#pageModeColumn;
  }

  write(byte: number): void {
    const segment = this.remapped ? COLUMNS - 1 - this.#column : this.#column;
    this.segments[this.#page * COLUMNS + segment] = byte;
    if (this.mode === "page") {
      this.#column = this.#column === COLUMNS - 1 ? this.#pageModeColumn : this.#column + 1;
    } else if (this.mode === "horizontal") {
      if (this.#nextColumn()) this.#nextPage();
    } else if (this.#nextPage()) {
      this.#nextColumn();
    }
  }

  /** True when the pointer went back to its start. */
  #nextColumn(): boolean {
    const wraps = this.#column === this.#columnEnd;
    this.#column = wraps ? this.#columnStart : (this.#column + 1) % COLUMNS;
    return wraps;
  }

  #nextPage(): boolean {
    const wraps = this.#page === this.#pageEnd;
    this.#page = wraps ? this.#pageStart : (this.#page + 1) % PAGES;
    return wraps;
  }
}
