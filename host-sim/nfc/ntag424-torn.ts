import { type Chip, fileOf } from "./ntag424-chip.ts";
import { rangeOf, writeData } from "./ntag424-data.ts";
import { type ChipFile, FREE } from "./ntag424-file.ts";
import { isoTarget } from "./ntag424-iso.ts";
import type { ChipMemory } from "./ntag424-memory.ts";

/** Class, instruction, P1, P2, Lc. */
const APDU_HEADER = 5;
const RANGE_HEADER = 7;

/**
 * What a write that came in several frames has done when its last frame never comes, or turns
 * out to carry a wrong MAC: "command execution is started before the complete command is
 * received" (§8.5), each frame for itself is written or not (§8.6), and a wrong MAC only stops
 * further programming (§10.8.2). `received` ends where a frame ended.
 */
export function programPart(chip: Chip, received: Uint8Array): void {
  if (received[0] === 0x90 && received[1] === 0x8d) programWriteData(chip, received);
  if (received[0] === 0x00 && received[1] === 0xd6) programUpdateBinary(chip, received);
}

function programWriteData(chip: Chip, received: Uint8Array): void {
  const header = received.slice(APDU_HEADER, APDU_HEADER + RANGE_HEADER);
  if (header.length < RANGE_HEADER) return;
  const mode = writeData.mode(chip, header);
  if (typeof mode === "number") return;
  const file = fileOf(chip, header[0]!) as ChipFile;
  const { offset, length } = rangeOf(header);
  if (offset + length > file.content.length) return;
  let data = received.slice(APDU_HEADER + RANGE_HEADER);
  const { authentication } = chip.session;
  if (mode === "full" && authentication !== undefined) {
    const whole = data.slice(0, data.length - (data.length % 16));
    const { channel, ti, commandCounter } = authentication;
    data = channel.decrypt(whole, ti, commandCounter).slice();
  }
  file.content.set(data.slice(0, length), offset);
}

function programUpdateBinary(chip: Chip, received: Uint8Array): void {
  if (received.length <= APDU_HEADER) return;
  const [p1, p2, lc] = [received[2]!, received[3]!, received[4]!];
  const found = isoTarget(chip, p1, p2);
  if (typeof found === "number" || chip.session.authentication !== undefined) return;
  const { file, offset } = found;
  const free = file.access.write === FREE || file.access.readWrite === FREE;
  if (free && offset + lc <= file.content.length) {
    file.content.set(received.slice(APDU_HEADER, APDU_HEADER + lc), offset);
  }
}

/**
 * The memory as it is now; the function returned puts it back. A command that loses its power
 * half-way has changed everything it meant to, or nothing (§8.6).
 */
export function rememberMemory(memory: ChipMemory): () => void {
  const keys = [...memory.keys];
  const failures = memory.failures.map((counters) => ({ ...counters }));
  const files = memory.files.map((file) => ({ ...file, content: file.content.slice() }));
  const { randomId } = memory;
  const configuration = { ...memory.configuration };
  return () => {
    memory.keys.splice(0, keys.length, ...keys);
    for (const [i, counters] of failures.entries()) Object.assign(memory.failures[i]!, counters);
    for (const [i, { content, commMode, access, sdm, readCounter }] of files.entries()) {
      const file = memory.files[i]!;
      file.content.set(content);
      Object.assign(file, { commMode, access, sdm, readCounter });
    }
    memory.randomId = randomId;
    Object.assign(memory.configuration, configuration);
  };
}
