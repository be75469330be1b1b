import { COLUMNS, type DisplayMemory, PAGES } from "./ssd1306-memory.ts";

/** Registers of the SSD1306 with their values after reset (data sheet §9, table 9-1). */
export interface DisplayRegisters {
  displayOn: boolean;
  chargePump: boolean;
  allOn: boolean;
  inverted: boolean;
  contrast: number;
  startLine: number;
  offset: number;
  /** Lines that are driven: MUX ratio + 1. */
  lines: number;
  comReversed: boolean;
  scrolling: boolean;
}

export function resetRegisters(): DisplayRegisters {
  return {
    displayOn: false,
    chargePump: false,
    allOn: false,
    inverted: false,
    contrast: 0x7f,
    startLine: 0,
    offset: 0,
    lines: 64,
    comReversed: false,
    scrolling: false,
  };
}

/** Parameter bytes of the multi-byte commands; all other opcodes have none. */
const PARAMETERS: Readonly<Record<number, number>> = Object.freeze({
  32: 1,
  33: 2,
  34: 2,
  38: 6,
  39: 6,
  41: 5,
  42: 5,
  129: 1,
  141: 1,
  163: 2,
  168: 1,
  211: 1,
  213: 1,
  217: 1,
  218: 1,
  219: 1,
});

/** How many parameter bytes follow an opcode. */
export function parameterCount(opcode: number): number {
  return PARAMETERS[opcode] ?? 0;
}

/**
 * Carries out one complete command. Returns what is wrong with it, or `undefined`. A command
 * with a wrong parameter is not carried out, so that what is wrong shows.
 */
export function execute(
  registers: DisplayRegisters,
  memory: DisplayMemory,
  opcode: number,
  a = 0,
  b = 0,
): string | undefined {
  if (opcode <= 0x1f) {
    memory.setColumnNibble(opcode & 15, opcode > 0x0f);
    return memory.mode === "page" ? undefined : "column start of page mode in another mode";
  }
  if (opcode >= 0x40 && opcode <= 0x7f) {
    registers.startLine = opcode & 63;
    return undefined;
  }
  if (opcode >= 0xb0 && opcode <= 0xb7) {
    memory.setPage(opcode & 7);
    return memory.mode === "page" ? undefined : "page start of page mode in another mode";
  }
  return executeAddressing(memory, opcode, a, b) ?? executeSetting(registers, memory, opcode, a);
}

/** The three commands of addressing; what is wrong with one, if anything. */
function executeAddressing(
  memory: DisplayMemory,
  opcode: number,
  a: number,
  b: number,
): string | undefined {
  if (opcode === 0x20 && a > 2) return `memory mode ${a}`;
  if (opcode === 0x21 && (a > b || b >= COLUMNS)) return `columns ${a} to ${b}`;
  // The upper bits of page parameters are "don't care" (table 9-1): 22 00 FF means all pages.
  if (opcode === 0x22 && (a & 7) > (b & 7)) return `pages ${a & 7} to ${b & 7}`;
  if (opcode === 0x20) memory.mode = (["horizontal", "vertical", "page"] as const)[a]!;
  else if (opcode === 0x21) memory.setColumns(a, b);
  else if (opcode === 0x22) memory.setPages(a & (PAGES - 1), b & (PAGES - 1));
  return undefined;
}

function executeSetting(
  registers: DisplayRegisters,
  memory: DisplayMemory,
  opcode: number,
  a: number,
): string | undefined {
  switch (opcode) {
    case 0x20:
    case 0x21:
    case 0x22:
      return undefined;
    case 0x26:
    case 0x27:
    case 0x29:
    case 0x2a:
    case 0xa3:
      return undefined; // set-up of scrolling has no effect until 2F
    case 0x2e:
      registers.scrolling = false;
      return undefined;
    case 0x2f:
      registers.scrolling = true;
      return "scrolling, which this model does not show";
    case 0x81:
      registers.contrast = a;
      return undefined;
    case 0x8d:
      registers.chargePump = (a & 0x04) !== 0;
      return (a & 0xfb) === 0x10 ? undefined : `charge pump setting ${a}`;
    case 0xa0:
    case 0xa1:
      memory.remapped = opcode === 0xa1;
      return undefined;
    case 0xa4:
    case 0xa5:
      registers.allOn = opcode === 0xa5;
      return undefined;
    case 0xa6:
    case 0xa7:
      registers.inverted = opcode === 0xa7;
      return undefined;
    case 0xa8:
      if ((a & 63) < 15) return `MUX ratio ${a & 63}`;
      registers.lines = (a & 63) + 1;
      return undefined;
    case 0xae:
    case 0xaf:
      registers.displayOn = opcode === 0xaf;
      return undefined;
    case 0xc0:
    case 0xc8:
      registers.comReversed = opcode === 0xc8;
      return undefined;
    case 0xd3:
      registers.offset = a & 63;
      return undefined;
    case 0xda:
      // The glass is wired for 12: anything else interleaves or swaps its halves.
      return a === 0x12 ? undefined : `COM pins ${a.toString(16)} on a 128×64 panel`;
    case 0xd5:
    case 0xd9:
    case 0xdb:
    case 0xe3:
      return undefined; // clock, pre-charge, VCOMH and NOP change nothing that can be seen
    default:
      return "unknown opcode";
  }
}
