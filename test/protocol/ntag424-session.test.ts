import assert from "node:assert/strict";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import { isNtag424 } from "../../protocol/nfc/ntag424-read.ts";
import { authenticateFirst } from "../../protocol/ntag424/authenticate.ts";
import {
  changeFileSettings,
  getCardUid,
  getFileCounters,
  getFileSettings,
  getKeyVersion,
  getVersion,
  readSignature,
} from "../../protocol/ntag424/card-facts.ts";
import { changeKey, changeKeyCommand } from "../../protocol/ntag424/change-key.ts";
import { setConfiguration } from "../../protocol/ntag424/configuration.ts";
import { readData, writeData } from "../../protocol/ntag424/file-data.ts";
import { type KeyHolder, localKeyHolder } from "../../protocol/ntag424/handshake.ts";
import { plainSender } from "../../protocol/ntag424/plain-sender.ts";
import { CardRelay } from "../../protocol/ntag424/relay.ts";
import { type Channel, SecureMessaging } from "../../protocol/ntag424/secure-messaging.ts";
import { Session } from "../../protocol/ntag424/session.ts";
import { AesSessionCipher } from "../../protocol/ntag424/session-cipher.ts";
import { rejectsCode, throwsCode } from "./error-code.ts";
import { filled } from "./nfc-expect.ts";
import { CARD_SIGNATURE, CARD_UID, TestCard } from "./ntag424-card.ts";
import {
  cardHolder as holder,
  fixedRandom as random,
  cardSecret as secret,
} from "./ntag424-scripted.ts";

describe("a session", () => {
  for (const messaging of ["aes", "lrp"] as const) {
    it(`carries every command in ${messaging} mode, and both sides keep count`, async () => {
      const card = new TestCard(messaging);
      const session = await Session.open(card.transceive, holder, { keyNo: 0, messaging });
      assert.deepEqual((await getVersion(session)).uid, CARD_UID);
      assert.deepEqual(await getCardUid(session), CARD_UID);
      assert.equal(await getKeyVersion(session, 4), 0);
      const settings = await getFileSettings(session, 2);
      assert.equal(settings.size, 256);
      await changeFileSettings(session, 2, settings);
      assert.equal(await getFileCounters(session, 2), 0x010203);
      assert.deepEqual(await readSignature(session), CARD_SIGNATURE);
      await setConfiguration(session, { option: "failed-auth", limit: 1000, decrement: 10 });
      const place = { fileNo: 3, offset: 5, mode: "full" as const };
      const written = filled(120, 0xc3);
      await writeData(session, place, written);
      assert.deepEqual(await readData(session, place, 120), written);
      assert.deepEqual(card.memory.slice(5, 125), written);
      const change = { keyNo: 4, newKey: secret(0x99), oldKey: secret(0x14), newVersion: 7 };
      await changeKey(session, change);
      assert.deepEqual(card.keys[4], filled(16, 0x99));
      assert.equal(await getKeyVersion(session, 4), 7);
      await changeKey(session, { keyNo: 0, newKey: secret(0x88), newVersion: 1 });
      assert.equal(session.closed, true);
      assert.deepEqual(card.keys[0], filled(16, 0x88));
    });
  }

  it("sends a new key under encryption only, and wipes what it made of it", async () => {
    const card = new TestCard();
    const sent: string[] = [];
    const spied: Transceive = (apdu) => {
      sent.push(toHex(apdu));
      return card.transceive(apdu);
    };
    const change = { keyNo: 0, newKey: secret(0x88), newVersion: 1 };
    await assert.rejects(changeKey(plainSender(spied), change), TypeError);
    assert.deepEqual(sent, []);
    let data: Uint8Array | undefined;
    const session = await Session.open(spied, holder, { keyNo: 0 });
    await changeKey(
      {
        send: (command) =>
          session.send(command).finally(() => {
            data = command.data;
          }),
      },
      change,
    );
    assert.equal(sent.join().includes("88888888"), false);
    assert.deepEqual(data, new Uint8Array(17));
  });

  it("closes the door after itself", async () => {
    const card = new TestCard();
    const session = await Session.open(card.transceive, holder, { keyNo: 0 });
    session.close();
    session.close();
    await rejectsCode(getCardUid(session), "card-session-ended");
    assert.equal(card.seen.length, 2);
  });

  it("does one command at a time, and a second one does not disturb the first", async () => {
    const card = new TestCard();
    const session = await Session.open(card.transceive, holder, { keyNo: 0 });
    const first = getCardUid(session);
    await rejectsCode(getKeyVersion(session, 0), "busy");
    assert.deepEqual(await first, CARD_UID);
    assert.equal(await getKeyVersion(session, 0), 0);
  });

  it("refuses what does not fit a command, and lives on", async () => {
    const card = new TestCard("lrp");
    const session = await Session.open(card.transceive, holder, { keyNo: 0, messaging: "lrp" });
    const data = filled(240, 1);
    const place = { fileNo: 3, mode: "full" as const };
    await assert.rejects(writeData(session, place, data, 240), RangeError);
    assert.deepEqual(await getCardUid(session), CARD_UID);
  });

  it("ends when its counter does", () => {
    const keys = { encKey: filled(16, 1), macKey: filled(16, 2) };
    const messaging = new SecureMessaging(new AesSessionCipher(crypto, keys), filled(4, 3), 0xffff);
    const command = { name: "GetCardUID", ins: 0x51, mode: "full" as const };
    throwsCode(() => messaging.wrap(command), "card-session-ended");
    assert.equal(messaging.closed, true);
    // The arrays were taken over, and are wiped with the session.
    assert.deepEqual(keys, { encKey: new Uint8Array(16), macKey: new Uint8Array(16) });
  });

  it("is closed by its own channel, whoever uses that", () => {
    const keys = { encKey: filled(16, 1), macKey: filled(16, 2) };
    const messaging = new SecureMessaging(new AesSessionCipher(crypto, keys), filled(4, 3));
    messaging.wrap({ name: "GetCardUID", ins: 0x51, mode: "full" });
    const answer = { data: filled(24, 0), sw: 0x9100 };
    throwsCode(() => messaging.unwrap(answer), "card-mac-invalid");
    assert.equal(messaging.closed, true);
    throwsCode(() => messaging.unwrap(answer), "card-session-ended");
  });

  it("counts plain commands as well", async () => {
    const card = new TestCard();
    const channel = await authenticateFirst(card.transceive, holder, { keyNo: 0 });
    assert.ok(channel instanceof SecureMessaging);
    const command = { name: "ReadData", ins: 0xad, mode: "plain" as const };
    assert.equal(toHex(channel.wrap(command)), "90ad000000");
    assert.deepEqual(channel.unwrap({ data: filled(3, 7), sw: 0x9100 }), filled(3, 7));
    assert.equal(channel.commandCounter, 1);
    assert.throws(() => channel.unwrap({ data: filled(3, 7), sw: 0x9100 }), TypeError);
    channel.wrap(command);
    assert.throws(() => channel.wrap(command), TypeError);
  });
});

describe("keys that are somewhere else", () => {
  it("work through an interface: the reader relays, and no session key comes to it", async () => {
    const card = new TestCard();
    const inner = localKeyHolder(crypto, random, (keyNo) => secret(0x10 + keyNo));
    const far: KeyHolder = {
      async begin(request) {
        const handshake = await inner.begin(request);
        return {
          answer: async (challenge) => handshake.answer(challenge),
          finish: async (proof) => farChannel(await handshake.finish(proof)),
          abandon: () => handshake.abandon(),
        };
      },
    };
    const session = await Session.open(card.transceive, far, { keyNo: 2 });
    const place = { fileNo: 3, mode: "full" as const };
    assert.deepEqual(await readData(session, place, 4), Uint8Array.of(0, 1, 2, 3));
    // A NonFirst authentication continues a session that only its holder can know.
    await assert.rejects(session.reauthenticate(holder, { keyNo: 1 }), TypeError);
    assert.equal(session.closed, true);
  });

  it("wrap a change of key themselves, so that it passes the reader as a cryptogram", async () => {
    const card = new TestCard();
    const channel = await authenticateFirst(card.transceive, holder, { keyNo: 0 });
    const session = Session.over(card.transceive, channel, 0);
    const change = { keyNo: 3, newKey: secret(0x44), oldKey: secret(0x13), newVersion: 2 };
    const cryptogram = await channel.wrap(changeKeyCommand(change));
    assert.deepEqual(await session.deliver(cryptogram), new Uint8Array(0));
    assert.deepEqual(card.keys[3], filled(16, 0x44));
    assert.equal(await getKeyVersion(session, 3), 2);
  });

  it("work by relay: the server runs the whole conversation over a far card", async () => {
    const card = new TestCard();
    const relay = new CardRelay(async (transceive) => {
      await identifiedFor(transceive);
      const session = await Session.open(transceive, holder, { keyNo: 0 });
      await changeKey(session, { keyNo: 0, newKey: secret(0x88), newVersion: 3 });
      return await getKeyVersion(plainSender(transceive), 0);
    });
    let step = await relay.start();
    let apdus = 0;
    while (step.kind === "command") {
      apdus++;
      step = await relay.answer(await card.transceive(step.apdu));
    }
    assert.deepEqual([step.result, apdus], [3, 7]);
    assert.throws(() => relay.answer(filled(2, 0)), TypeError);
    assert.throws(() => relay.start(), TypeError);
  });

  it("end their work when the card is lost, or the work itself fails", async () => {
    const lost = new LatchkeyError("badge-moved");
    let seen: unknown;
    const relay = new CardRelay(async (transceive) => {
      await Session.open(transceive, holder, { keyNo: 0 }).catch((error) => {
        seen = error;
        throw error;
      });
    });
    await relay.start();
    await rejectsCode(relay.abort(lost), "badge-moved");
    assert.equal(seen, lost);
    const failing = new CardRelay(async () => {
      throw new LatchkeyError("badge-unknown");
    });
    await rejectsCode(failing.start(), "badge-unknown");
  });
});

/** What a server would offer over the network: bytes in, bytes out. */
function farChannel(near: Channel): Channel {
  return {
    get closed() {
      return near.closed;
    },
    wrap: async (command) => near.wrap(command),
    unwrap: async (response) => near.unwrap(response),
    close: () => near.close(),
  };
}

async function identifiedFor(transceive: Transceive): Promise<void> {
  assert.equal(isNtag424(await getVersion(plainSender(transceive))), true);
}
