import assert from "node:assert/strict";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { encodeResponse } from "../../protocol/nfc/apdu.ts";
import {
  authenticateFirst,
  authenticateNonFirst,
  isWrongKey,
} from "../../protocol/ntag424/authenticate.ts";
import { getCardUid, getKeyVersion } from "../../protocol/ntag424/card-facts.ts";
import { readData } from "../../protocol/ntag424/file-data.ts";
import { localKeyHolder } from "../../protocol/ntag424/handshake.ts";
import { SecureMessaging } from "../../protocol/ntag424/secure-messaging.ts";
import { Session } from "../../protocol/ntag424/session.ts";
import { rejectsCode, throwsCode } from "./error-code.ts";
import { filled } from "./nfc-expect.ts";
import { CARD_UID, TestCard } from "./ntag424-card.ts";
import {
  fixedHolder,
  cardHolder as holder,
  fixedRandom as random,
  scriptedCard,
  cardSecret as secret,
} from "./ntag424-scripted.ts";

const wrongHolder = localKeyHolder(crypto, random, () => secret(0xee));

describe("an EV2 authentication", () => {
  it("is that of AN12196 r1.8 Table 14, and its session that of Tables 18 and 19", async () => {
    const card = scriptedCard([
      ["9071000002000000", "A04C124213C186F22399D33AC2A3021591AF"],
      [
        "90AF00002035C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D00",
        "3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F081206639100",
      ],
    ]);
    const rndA = fromHex("13C5DB8A5930439FC3DEF9A4C675360F");
    const channel = await authenticateFirst(card.transceive, fixedHolder(filled(16, 0), rndA), {
      keyNo: 0,
    });
    assert.ok(channel instanceof SecureMessaging);
    assert.equal(toHex(channel.ti), "9d00c4df");
    // Table 18 is the first command of that session; any other will do to reach Table 19.
    channel.wrap({ name: "plain", ins: 0x64, header: Uint8Array.of(0), mode: "plain" });
    channel.unwrap({ data: Uint8Array.of(0), sw: 0x9100 });
    const data = fromHex("4000E0C1F121200000430000430000");
    const header = Uint8Array.of(2);
    const apdu = channel.wrap({
      name: "ChangeFileSettings",
      ins: 0x5f,
      header,
      data,
      mode: "full",
    });
    assert.equal(
      toHex(apdu).toUpperCase(),
      "905F0000190261B6D97903566E84C3AE5274467E89EAD799B7C1A0EF7A0400",
    );
    const answer = { data: fromHex("57BFF87B1241E93D"), sw: 0x9100 };
    assert.equal(channel.unwrap(answer).length, 0);
    assert.equal(channel.commandCounter, 2);
  });

  it("in LRP is that of AN12321 Table 2", async () => {
    const card = scriptedCard([
      ["9071000008030602000000000000", "0156109A31977C855319CD4618C9D2AED291AF"],
      [
        "90AF00002074D7DF6A2CEC0B72B412DE0D2B1117E6189B59DCEDC31A3D3F38EF8D4810B3B400",
        "F4FC209D9D60623588B299FA5D6B2D710125F8547D9FB8D572C90D2C2A14E2359100",
      ],
    ]);
    const rndA = fromHex("74D7DF6A2CEC0B72B412DE0D2B1117E6");
    const channel = await authenticateFirst(card.transceive, fixedHolder(filled(16, 0), rndA), {
      keyNo: 3,
      messaging: "auto",
    });
    assert.ok(channel instanceof SecureMessaging);
    assert.equal(channel.kind, "lrp");
    assert.equal(toHex(channel.ti), "58ee9424");
  });

  it("takes what the chip is set to when asked for either", async () => {
    for (const messaging of ["aes", "lrp"] as const) {
      const card = new TestCard(messaging);
      const session = await Session.open(card.transceive, holder, { keyNo: 1, messaging: "auto" });
      assert.deepEqual(await getCardUid(session), CARD_UID);
    }
  });

  it("says that the chip is set to the other messaging, and tries nothing more", async () => {
    const lrp = new TestCard("lrp");
    const refused = Session.open(lrp.transceive, holder, { keyNo: 0 });
    await rejectsCode(refused, "card-auth-refused");
    assert.deepEqual(lrp.seen, [0x71]);
    const aes = new TestCard("aes");
    const options = { keyNo: 0, messaging: "lrp" as const };
    const error = await rejectsCode(
      Session.open(aes.transceive, holder, options),
      "card-auth-refused",
    );
    assert.equal(error.detail["messaging"], "aes");
    assert.deepEqual(aes.seen, [0x71]);
  });

  it("with a wrong key is tried once: the chip counts", async () => {
    for (const messaging of ["aes", "lrp"] as const) {
      const card = new TestCard(messaging);
      const options = { keyNo: 2, messaging };
      const opening = Session.open(card.transceive, wrongHolder, options);
      const error = await rejectsCode(opening, "card-key-wrong");
      assert.equal(error.detail["keyNo"], 2);
      assert.equal(isWrongKey(error), true);
      assert.deepEqual(card.seen, [0x71, 0xaf]);
    }
  });

  it("finds out a card that answers without the key", async () => {
    for (const messaging of ["aes", "lrp"] as const) {
      const card = new TestCard(messaging);
      card.tamper = (response, index) =>
        index === 1 ? encodeResponse({ data: filled(32, 0x33), sw: 0x9100 }) : response;
      const opening = Session.open(card.transceive, holder, { keyNo: 0, messaging });
      assert.equal(isWrongKey(await rejectsCode(opening, "card-proof-invalid")), true);
    }
  });

  it("finds out one that fakes only the second authentication", async () => {
    for (const messaging of ["aes", "lrp"] as const) {
      const card = new TestCard(messaging);
      const session = await Session.open(card.transceive, holder, { keyNo: 0, messaging });
      card.tamper = (response, index) =>
        index === 3 ? encodeResponse({ data: filled(16, 0x33), sw: 0x9100 }) : response;
      await rejectsCode(session.reauthenticate(holder, { keyNo: 1 }), "card-proof-invalid");
      assert.equal(session.closed, true);
    }
  });

  it("does not take a card that was asked for something else than we asked", async () => {
    for (const messaging of ["aes", "lrp"] as const) {
      const card = new TestCard(messaging);
      card.echo = Uint8Array.of(4, 0, 0, 0, 0, 0);
      const opening = Session.open(card.transceive, holder, { keyNo: 0, messaging });
      await rejectsCode(opening, "card-proof-invalid");
    }
  });

  it("waits out AUTHENTICATION_DELAY with the same command, within a bound", async () => {
    const patient = new TestCard();
    patient.delays = 200;
    await Session.open(patient.transceive, holder, { keyNo: 0 });
    assert.equal(patient.seen.filter((ins) => ins === 0x71).length, 201);
    const locked = new TestCard();
    locked.delays = 1000;
    const options = { keyNo: 0, delayRetriesMax: 3 };
    await rejectsCode(Session.open(locked.transceive, holder, options), "card-auth-delay");
    assert.deepEqual(locked.seen, [0x71, 0x71, 0x71, 0x71]);
  });

  it("goes on under another key with identifier and counter kept", async () => {
    for (const messaging of ["aes", "lrp"] as const) {
      const card = new TestCard(messaging);
      const session = await Session.open(card.transceive, holder, { keyNo: 0, messaging });
      await getKeyVersion(session, 1);
      await session.reauthenticate(holder, { keyNo: 3 });
      assert.equal(session.keyNo, 3);
      // Would fail with 911E if either had been reset.
      assert.deepEqual(await getCardUid(session), CARD_UID);
      await session.reauthenticate(holder, { keyNo: 1 });
      assert.deepEqual(
        await readData(session, { fileNo: 3, mode: "full" }, 3),
        Uint8Array.of(0, 1, 2),
      );
    }
  });

  it("that fails midway leaves no session, neither old nor new", async () => {
    const card = new TestCard();
    const session = await Session.open(card.transceive, holder, { keyNo: 0 });
    await rejectsCode(session.reauthenticate(wrongHolder, { keyNo: 3 }), "card-key-wrong");
    assert.equal(session.closed, true);
    await rejectsCode(getCardUid(session), "card-session-ended");
    await rejectsCode(session.reauthenticate(holder, { keyNo: 0 }), "card-session-ended");
    assert.deepEqual(card.seen, [0x71, 0xaf, 0x77, 0xaf]);
  });

  it("that continues a session closes it, and one that is over cannot be continued", async () => {
    const card = new TestCard();
    const before = await authenticateFirst(card.transceive, holder, { keyNo: 0 });
    const after = await authenticateNonFirst(card.transceive, holder, before, { keyNo: 1 });
    assert.deepEqual([before.closed, after.closed], [true, false]);
    const again = authenticateNonFirst(card.transceive, holder, before, { keyNo: 1 });
    await rejectsCode(again, "card-session-ended");
    const request = { keyNo: 1, messaging: "aes" as const, pcdCap: new Uint8Array(6) };
    throwsCode(() => holder.begin({ ...request, previous: before }), "card-session-ended");
  });

  it("takes key numbers only", async () => {
    const card = new TestCard();
    for (const keyNo of [-1, 5, 0.5, Number.NaN])
      await assert.rejects(Session.open(card.transceive, holder, { keyNo }), RangeError);
    assert.deepEqual(card.seen, []);
  });
});
