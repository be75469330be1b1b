/** An ELF file with these sections and nothing in them. */
export function fakeElf(
  sections: readonly (readonly [name: string, address: number, bytes: number, stored: boolean])[],
): Uint8Array {
  const names = `\0${sections.map(([name]) => name).join("\0")}\0.shstrtab\0`;
  const table = 52 + names.length + (4 - (names.length % 4));
  const file = new Uint8Array(table + 40 * (sections.length + 1));
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  file.set(new TextEncoder().encode(names), 52);
  view.setUint32(32, table, true);
  view.setUint16(46, 40, true);
  view.setUint16(48, sections.length + 1, true);
  view.setUint16(50, sections.length, true);
  sections.forEach(([name, address, bytes, stored], i) => {
    const at = table + 40 * i;
    const fields = [names.indexOf(`\0${name}\0`) + 1, stored ? 1 : 8, 2, address, 0, bytes];
    fields.forEach((value, k) => {
      view.setUint32(at + 4 * k, value, true);
    });
  });
  view.setUint32(table + 40 * sections.length + 16, 52, true);
  return file;
}
