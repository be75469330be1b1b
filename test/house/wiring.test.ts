import assert from "node:assert/strict";
import { DESK_PINS } from "../../host-sim/node/desk-reader.ts";
import { readText } from "./source.ts";

/** Numbers behind "GP" in the row of the README's table that begins with these cells. */
function pinsOf(part: string, name: string): number[] {
  const rows = readText("README.md")
    .split("\n")
    .filter((line) => line.startsWith("|"));
  let current = "";
  for (const row of rows) {
    const [, first = "", second = "", third = ""] = row.split("|").map((cell) => cell.trim());
    if (first !== "") current = first;
    if (current.startsWith(part) && second === name) {
      return [...third.matchAll(/GP(\d+)/g)].map(([, pin]) => Number(pin));
    }
  }
  return [];
}

describe("the wiring table of the README", () => {
  for (const [part, name, pins] of [
    ["PN532", "SDA", [DESK_PINS.nfc.data]],
    ["PN532", "SCL", [DESK_PINS.nfc.clock]],
    ["PN532", "RSTPD_N", [DESK_PINS.nfc.reset]],
    ["PN532", "IRQ", [DESK_PINS.nfc.irq]],
    ["SSD1306", "SDA", [DESK_PINS.display.data]],
    ["SSD1306", "SCL", [DESK_PINS.display.clock]],
    ["Relay", "IN", [DESK_PINS.relay.pin]],
    ["Light", "green, red", [DESK_PINS.led.green, DESK_PINS.led.red]],
    ["Buzzer", "+", [DESK_PINS.buzzer.pin]],
    ["Console", "TX, RX", [DESK_PINS.console.transmit, DESK_PINS.console.receive]],
  ] as const) {
    it(`has ${part} ${name} where \`latchkey init\` puts it`, () => {
      assert.deepEqual(pinsOf(part, name), [...pins]);
    });
  }
});
