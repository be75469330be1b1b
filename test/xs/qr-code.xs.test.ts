/** What a QR code costs the interpreter: made once, while the node is a stranger to its server. */
import assert from "node:assert/strict";
import { qrCode } from "../../firmware/qr-code.ts";
import { metered } from "./shims/meter.ts";

describe("a QR code on XS", () => {
  it("is made once, in one turn", async () => {
    const text = "LK1:0123456789ABCDEF0123456789ABCDEF";
    const code = await metered("QR code of a fingerprint", () => qrCode(text));
    assert.equal(code.modules.length, code.size * code.size);
  });
});
