import assert from "node:assert/strict";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { chipInField, scripted } from "./chip-reader.ts";

/** Commands and answers as printed; the chip must give the answers byte for byte. */
function replay(reader: { say(apdu: string): string }, exchanges: readonly (readonly string[])[]) {
  for (const [command, answer] of exchanges) {
    assert.equal(reader.say(command!), answer!.toLowerCase(), command);
  }
}

const zeros = (count: number): string => "0".repeat(count);

describe("NTAG 424 DNA model: the personalisation of AN12196, from the chip's side", () => {
  it("authenticates, takes the NDEF file and switches SDM on (Tables 14, 18, 19)", () => {
    const { chip, reader } = chipInField({
      random: scripted("B9E2FC789B64BF237CCCAA20EC7E6E48", "9D00C4DF"),
    });
    // Table 18 writes in full mode, which a file as delivered does not ask for.
    chip.file(2).commMode = "full";
    chip.file(2).access = { read: 0xe, write: 0, readWrite: 0, change: 0 };
    replay(reader, [
      ["9071000002000000", "A04C124213C186F22399D33AC2A3021591AF"],
      [
        "90AF00002035C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D00",
        "3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F081206639100",
      ],
      [
        "908D00009F02000000800000421C73A27D827658AF481FDFF20A5025B559D0E3AA21E58D347F343CFFC768BF" +
          "E596C706BC00F2176781D4B0242642A0FF5A42C461AAF894D9A1284B8C76BCFA658ACD40555D362E08DB15CF" +
          "421B51283F9064BCBE20E96CAE545B407C9D651A3315B27373772E5DA2367D2064AE054AF996C6F1F669170F" +
          "A88CE8C4E3A4A7BBBEF0FD971FF532C3A802AF745660F2B4D1D9A8499661EBF300",
        "FC222E5F7A5424529100",
      ],
      ["905F0000190261B6D97903566E84C3AE5274467E89EAD799B7C1A0EF7A0400", "57BFF87B1241E93D9100"],
    ]);
    const written = String.fromCharCode(...chip.file(2).content.slice(7, 67));
    assert.equal(written, `choose.url.com/ntag424?e=${zeros(32)}&c=`);
    assert.deepEqual(chip.file(2).sdm, {
      ...{ uid: true, readCounter: true, metaRead: 2, fileRead: 1, counterRead: 1 },
      ...{ piccDataOffset: 0x20, macInputOffset: 0x43, macOffset: 0x43 },
    });
    assert.equal(chip.file(2).commMode, "plain");
  });

  it("writes files 3 and 1 and changes keys 2 and 0 in one transaction (Tables 20 to 27)", () => {
    const { chip, memory, reader } = chipInField({
      random: scripted(
        ...["91517975190DCEA6104948EFA3085C1B", "7614281A"],
        "6924E8D09722659A2E7DEC68E66312B8",
      ),
    });
    replay(reader, [
      ["9071000002030000", "B875CEB0E66A6C5CD00898DC371F92D191AF"],
      [
        "90AF000020FF0306E47DFBC50087C4D8A78E88E62DE1E8BE457AA477C707E2F0874916A8B100",
        "0CC9A8094A8EEA683ECAAC5C7BF20584206D0608D477110FC6B3D5D3F65C3A6A9100",
      ],
      ["00A4000C02E10500", "9000"],
      [
        "908D00001F030000000A00006B5E6804909962FC4E3FF5522CF0F8436C0C53315B9C73AA00",
        "C26D236E4A7C046D9100",
      ],
      // Table 23 is left out: it is headed "SELECT CC file" and prints the selection of the
      // application, after which Table 24 could not go on with the transaction.
      ["90770000010000", "A6A2B3C572D06C097BB8DB70463E22DC91AF"],
      [
        "90AF000020BE7D45753F2CAB85F34BC60CE58B940763FE969658A532DF6D95EA2773F6E99100",
        "B888349C24B315EAB5B589E279C8263E9100",
      ],
      // Plain by the file's mode, and counted all the same: Table 26 goes on with CmdCtr 2.
      ["908D000019010E0000120000FF0506E1050080828300000000000000000000", "9100"],
      [
        "90C4000029022CF362B7BF4311FF3BE1DAA295E8C68DE09050560D19B9E16C2393AE9CD1FAC75D0CE20BCD1D" +
          "06E600",
        "203BB55D1089D5879100",
      ],
      [
        "90C400002900C0EB4DEEFEDDF0B513A03A95A75491818580503190D4D05053FF75668A01D6FDA6610234BDED" +
          "643200",
        "9100",
      ],
      // The session went with key 0; versions can be read in plain.
      ["90640000010000", "019100"],
      ["90640000010200", "019100"],
      ["90640000010300", "009100"],
      ["9051000000", "91AE"],
    ]);
    assert.equal(toHex(chip.file(3).content.slice(0, 11)), "0102030405060708090a00");
    assert.equal(toHex(chip.file(1).content.slice(12, 17)), "0000ff0506");
    assert.equal(toHex(memory.keys[2]!.value), "f3847d627727ed3bc9c4cc050489b966");
    assert.equal(toHex(memory.keys[0]!.value), "5004bf991f408672b1ef00f08f9e8647");
  });

  it("goes through LRP authentication as AN12321 Table 2 prints it", () => {
    const { reader } = chipInField({
      lrp: true,
      random: scripted("56109A31977C855319CD4618C9D2AED2", "58EE9424"),
    });
    replay(reader, [
      ["9071000008030602000000000000", "0156109A31977C855319CD4618C9D2AED291AF"],
      [
        "90AF00002074D7DF6A2CEC0B72B412DE0D2B1117E6189B59DCEDC31A3D3F38EF8D4810B3B400",
        "F4FC209D9D60623588B299FA5D6B2D710125F8547D9FB8D572C90D2C2A14E2359100",
      ],
    ]);
  });

  it("refuses every transcript of which one bit of the second part is flipped", () => {
    const part2 = fromHex("35c3e05a752e0144bac0de51c1f22c56b34408a23d8aea266cab947ea8e0118d");
    for (let bit = 128; bit < 256; bit += 7) {
      const { reader } = chipInField({
        random: scripted("B9E2FC789B64BF237CCCAA20EC7E6E48", "9D00C4DF"),
      });
      reader.say("9071000002000000");
      const bad = part2.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(reader.say(`90af000020${toHex(bad)}00`), "91ae");
    }
  });
});
