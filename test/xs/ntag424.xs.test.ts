/** What the badge's cryptography costs on XS. The names are those of bench/ntag424.ts. */
import assert from "node:assert/strict";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { verifySdm } from "../../protocol/nfc/sdm.ts";
import { verifySun } from "../../protocol/nfc/sun.ts";
import { authenticateFirst } from "../../protocol/ntag424/authenticate.ts";
import { SecureMessaging } from "../../protocol/ntag424/secure-messaging.ts";
import { fixedHolder, scriptedCard } from "../protocol/ntag424-scripted.ts";
import { metered } from "./shims/meter.ts";

const zeroKey = new Uint8Array(16);
const keys = { metaReadKey: zeroKey, fileReadKey: () => zeroKey };

describe("metering of the NTAG 424 DNA on XS", () => {
  it("authenticates by AuthenticateEV2First (AN12196 r1.8 Table 14)", async () => {
    const card = scriptedCard([
      ["9071000002000000", "A04C124213C186F22399D33AC2A3021591AF"],
      [
        "90AF00002035C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D00",
        "3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F081206639100",
      ],
    ]);
    const holder = fixedHolder(zeroKey, fromHex("13C5DB8A5930439FC3DEF9A4C675360F"));
    const channel = await metered("ev2 handshake", () =>
      authenticateFirst(card.transceive, holder, { keyNo: 0 }),
    );
    assert.ok(channel instanceof SecureMessaging);
    assert.equal(toHex(channel.ti), "9d00c4df");
  });

  it("authenticates by AuthenticateLRPFirst (AN12321 Table 2)", async () => {
    const card = scriptedCard([
      ["9071000008030602000000000000", "0156109A31977C855319CD4618C9D2AED291AF"],
      [
        "90AF00002074D7DF6A2CEC0B72B412DE0D2B1117E6189B59DCEDC31A3D3F38EF8D4810B3B400",
        "F4FC209D9D60623588B299FA5D6B2D710125F8547D9FB8D572C90D2C2A14E2359100",
      ],
    ]);
    const holder = fixedHolder(zeroKey, fromHex("74D7DF6A2CEC0B72B412DE0D2B1117E6"));
    const channel = await metered("lrp handshake", () =>
      authenticateFirst(card.transceive, holder, { keyNo: 3, messaging: "lrp" }),
    );
    assert.ok(channel instanceof SecureMessaging);
    assert.equal(toHex(channel.ti), "58ee9424");
  });

  it("verifies SDM messages, AES (AN12196 r1.8 Tables 3 and 5) and LRP", async () => {
    const picc = fromHex("EF963FF7828658A599F3041510671E88");
    const cmac = fromHex("94EED9EE65337086");
    const read = await metered("sun verify", () => verifySdm(crypto, keys, { picc, cmac }));
    assert.equal(read.readCounter, 61);
    const lrp = {
      messaging: "lrp" as const,
      picc: fromHex("1FCBE61B3E4CAD980CBFDD333E7A4AC4A579569BAFD22C5F"),
      cmac: fromHex("4231608BA7B02BA9"),
      macInput: new Uint8Array(0),
    };
    const lrpRead = await metered("sun verify, lrp", () => verifySun(crypto, keys, lrp));
    assert.equal(lrpRead.readCounter, 3);
  });
});
