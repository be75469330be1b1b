import assert from "node:assert/strict";
import fc from "fast-check";
import {
  dateField,
  latitudeField,
  longitudeField,
  numberField,
  timeField,
} from "../../hal/sensors/nmea/fields.ts";
import { type Fix, FixBuilder, type NoFix } from "../../hal/sensors/nmea/fix-builder.ts";
import { fixTime } from "../../hal/sensors/nmea/fix-time.ts";
import { parseGga } from "../../hal/sensors/nmea/gga.ts";
import { parseGsa } from "../../hal/sensors/nmea/gsa.ts";
import { parseRmc } from "../../hal/sensors/nmea/rmc.ts";
import { nmeaLine, parseSentence } from "../../hal/sensors/nmea/sentence.ts";
import { pmtkFixInterval, pmtkSentences, pmtkVerdict } from "../../hal/sensors/pmtk.ts";
import { cfgMsg, cfgRate, ubxFrame, ubxVerdict } from "../../hal/sensors/ubx.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";

const sentence = (text: string) => parseSentence(text)!;
const DAY = 86_400;

describe("The fields of NMEA sentences", () => {
  it("are degrees, and nothing when empty", () => {
    assert.equal(latitudeField("4717.11399", "N")!.toFixed(7), "47.2852332");
    assert.equal(latitudeField("0000.00000", "S"), -0);
    assert.equal(longitudeField("18000.0000", "W"), -180);
    assert.equal(latitudeField("9000.00", "N"), 90);
    assert.equal(latitudeField("", ""), undefined);
    assert.equal(longitudeField(undefined, undefined), undefined);
  });

  for (const [angle, side] of [
    ["4717.11399", ""],
    ["", "N"],
    ["4717.11399", "E"],
    ["4760.00000", "N"],
    ["9000.00001", "N"],
    ["04717.1139", "N"],
    ["717.11399", "N"],
    ["-717.1139", "N"],
    ["47 7.11399", "N"],
    ["4717,11399", "N"],
    ["47171e3", "N"],
    ["0x17.11399", "N"],
    ["47+7.1", "N"],
  ] as const) {
    it(`are no latitude: ${angle} ${side}`, () => {
      assert.ok(Number.isNaN(latitudeField(angle, side)));
    });
  }

  it("are numbers only in the form that the standard has", () => {
    assert.equal(numberField("-22.5"), -22.5);
    assert.equal(numberField("12."), 12);
    assert.equal(numberField(""), undefined);
    for (const text of ["1e5", "+1", " 1", ".5", "--1", "NaN", "Infinity", "1".repeat(20)]) {
      assert.ok(Number.isNaN(numberField(text)), text);
    }
  });

  it("are times of the day, leap second included", () => {
    assert.equal(timeField("123519"), 45_319);
    assert.equal(timeField("235960.00"), DAY);
    assert.equal(timeField("045104.250"), 17_464.25);
    for (const text of ["240000", "126000", "123461", "12351", "12:35:19", "1235190"]) {
      assert.ok(Number.isNaN(timeField(text)), text);
    }
  });

  it("are dates with two digits for the year: 80-99 are of the last century", () => {
    assert.equal(dateField("060180"), 3657);
    assert.equal(dateField("230394"), 8847);
    assert.equal(dateField("010100"), 10_957);
    assert.equal(dateField("290224")! * DAY, 1_709_164_800);
    assert.equal(dateField("311279")! * DAY, 3_471_206_400);
    for (const text of ["290225", "310424", "000124", "011324", "0101", "01012024"]) {
      assert.ok(Number.isNaN(dateField(text)), text);
    }
  });

  it("give every day of a hundred years its number, by the engine's own calendar", () => {
    for (let day = 3652; day < 3652 + 36_525; day += 13) {
      const [year, month, date] = new Date(day * DAY * 1000).toISOString().slice(2, 10).split("-");
      assert.equal(dateField(`${date}${month}${year}`), day);
    }
  });
});

describe("GGA, RMC and GSA", () => {
  it("accept the talkers of all systems and no others", () => {
    for (const talker of ["GP", "GN", "GL", "GA", "GB", "BD"]) {
      assert.equal(parseSentence(`${talker}GSA,A,3`)?.type, "GSA");
    }
    for (const text of ["II", "WI", "AI", "gp", ""]) {
      assert.equal(parseSentence(`${text}GSA,A,3`), undefined);
    }
    assert.equal(parseSentence("GPGSAX,A,3"), undefined);
  });

  it("leave undefined what the receiver left empty", () => {
    assert.deepEqual(parseGga(sentence("GPGGA,,,,,,0,00,99.99,,,,,,")), {
      secondsOfDay: undefined,
      latitude: undefined,
      longitude: undefined,
      quality: 0,
      satellites: 0,
      hdop: 99.99,
      altitude: undefined,
    });
    // An L76 without a position.
    assert.equal(parseGga(sentence("GPGGA,001136.799,,,,,0,0,,,M,,M,,"))?.hdop, undefined);
    assert.equal(parseRmc(sentence("GPRMC,,V,,,,,,,,,,N"))?.latitude, undefined);
  });

  it("believe only what was measured", () => {
    const modes = (rest: string) => parseRmc(sentence(`GPRMC,123519,${rest}`))!.valid;
    assert.equal(modes("A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W"), true);
    for (const [mode, good] of Object.entries({ A: true, D: true, N: false, E: false, S: false })) {
      assert.equal(modes(`A,4807.038,N,01131.000,E,,,230394,,,${mode}`), good, mode);
    }
    assert.equal(modes("V,4807.038,N,01131.000,E,,,230394,,,A"), false);
  });

  it("are refused whole when one field is wrong", () => {
    const good = "GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,";
    assert.notEqual(parseGga(sentence(good)), undefined);
    for (const [from, to] of [
      ["4807.038", "4867.038"],
      ["123519", "993519"],
      ["0.9", "x"],
      ["545.4,M", "545.4,F"],
      ["01131.000,E", ","],
      [",08,", ",-8,"],
      [",M,,", ""],
    ] as const) {
      assert.equal(parseGga(sentence(good.replace(from, to))), undefined, to);
    }
    const rmc = "GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W";
    assert.equal(parseRmc(sentence(rmc.replace("230394", "320394"))), undefined);
    assert.equal(parseRmc(sentence(rmc.replace(",A,", ",,"))), undefined);
    assert.equal(parseGsa(sentence("GPGSA,A,4,,,,,,,,,,,,,1,1,1")), undefined);
  });

  it("never throw, and never give a place off the globe", () => {
    const field = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("", "4807.038", "N", "E"));
    const property = fc.property(
      fc.constantFrom("GPGGA", "GPRMC", "GPGSA"),
      fc.array(field, { maxLength: 20 }),
      (address, fields) => {
        const parsed = sentence([address, ...fields].join(","));
        for (const place of [parseGga(parsed), parseRmc(parsed)]) {
          if (place?.latitude === undefined) continue;
          assert.ok(Math.abs(place.latitude) <= 90 && Math.abs(place.longitude!) <= 180);
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});

describe("A moment's sentences", () => {
  const RMC = "GPRMC,TIME,A,4807.038,N,01131.000,E,,,051125,,,A";
  const GGA = "GPGGA,TIME,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,";
  const GSA = "GPGSA,A,3,,,,,,,,,,,,,1,1,1";

  function builder() {
    const fixes: Fix[] = [];
    const none: NoFix[] = [];
    const made = new FixBuilder({
      notBefore: 1_735_689_600,
      onFix: (fix) => fixes.push(fix),
      onNoFix: (why) => none.push(why),
    });
    const push = (time: string, ...texts: string[]) => {
      for (const text of texts) made.push(sentence(text.replace("TIME", time)));
    };
    return { push, fixes, none };
  }

  it("give one fix in whatever order they come", () => {
    for (const order of [
      [RMC, GGA, GSA],
      [GGA, GSA, RMC],
      [GGA, RMC, GSA],
      [RMC, GSA, GGA],
      // Two talkers, and all of it twice.
      [RMC, GGA, GGA.replace("GPGGA", "GNGGA"), GSA],
      [RMC, GGA, GSA, RMC, GGA, GSA],
    ]) {
      const { push, fixes } = builder();
      push("120000", ...order);
      assert.equal(fixes.length, 1);
      assert.equal(fixes[0]?.altitude, 545.4);
    }
  });

  it("are not mixed with the next moment's", () => {
    const { push, fixes, none } = builder();
    push("120000", GGA);
    push("120001", RMC, GSA);
    push("120002", GGA, GSA);
    push("120003", RMC);
    assert.deepEqual([fixes, none], [[], []]);
  });

  it("give no height as long as GSA may still say that it was not measured", () => {
    const { push, fixes } = builder();
    // A receiver that sends no GSA: its moments end with the next, then with GGA and RMC.
    for (let second = 0; second < 6; second++) push(`12000${second}`, RMC, GGA);
    assert.deepEqual(
      fixes.map(({ altitude }) => altitude),
      [undefined, undefined, 545.4, 545.4, 545.4, 545.4],
    );
    push("120006", RMC, GGA, GSA.replace(",A,3,", ",A,2,"));
    push("120007", RMC, GGA, GSA.replace(",A,3,", ",A,2,"));
    assert.equal(fixes.at(-1)?.altitude, undefined);
  });

  it("are no fix when GSA says so, or GGA and RMC are of two minds", () => {
    const { push, fixes, none } = builder();
    push("120000", RMC, GGA, GSA.replace(",A,3,", ",A,1,"));
    push("120001", RMC, GGA.replace("4807", "4808"), GSA);
    push("120002", RMC, GGA.replace(",1,08", ",8,08"), GSA);
    assert.equal(fixes.length, 0);
    assert.deepEqual(
      none.map(({ contradiction, quality }) => [contradiction, quality]),
      [
        [false, 1],
        [true, 1],
        [false, 8],
      ],
    );
  });

  it("agree across the 180th meridian", () => {
    const { push, fixes } = builder();
    const west = GGA.replace("01131.000,E", "17959.9999,W");
    push("120000", RMC.replace("01131.000,E", "17959.9999,E"), west, GSA);
    assert.equal(fixes.length, 1);
  });
});

describe("The time of a fix", () => {
  const notBefore = 1_767_225_600;

  it("is believed from a moment on that is surely past", () => {
    assert.deepEqual(fixTime(notBefore / DAY, 0, notBefore), { unix: notBefore });
    assert.deepEqual(fixTime(notBefore / DAY - 1, DAY - 1, notBefore), { doubt: "week-rollover" });
  });

  it("is not believed 1024 weeks back, nor before, and never put right by a guess", () => {
    const today = 20_785;
    assert.deepEqual(fixTime(today - 1024 * 7, 0, notBefore), { doubt: "week-rollover" });
    assert.deepEqual(fixTime(today - 2048 * 7, 0, notBefore), { doubt: "before" });
    assert.deepEqual(fixTime(3657, 0, notBefore), { doubt: "before" });
    assert.deepEqual(fixTime(undefined, 0, notBefore), { doubt: "absent" });
    assert.deepEqual(fixTime(today, undefined, notBefore), { doubt: "absent" });
  });
});

describe("The receivers' own commands", () => {
  it("are the UBX frames that are in use everywhere", () => {
    assert.equal(toHex(ubxFrame(cfgRate(200))), "b56206080600c80001000100de6a");
    assert.equal(toHex(ubxFrame(cfgRate(1000))), "b56206080600e803010001000139");
    assert.equal(toHex(ubxFrame(cfgMsg("GLL", 0))), "b56206010300f00100fb11");
    assert.equal(toHex(ubxFrame(cfgMsg("GSV", 0))), "b56206010300f00300fd15");
    assert.equal(toHex(ubxFrame(cfgMsg("VTG", 0))), "b56206010300f00500ff19");
    const ack = { messageClass: 5, messageId: 1, payload: fromHex("0601") };
    assert.equal(toHex(ubxFrame(ack)), "b5620501020006010f38");
    assert.equal(ubxVerdict(ack, cfgMsg("GLL", 0)), "ack");
    assert.equal(ubxVerdict({ ...ack, messageId: 0 }, cfgMsg("GLL", 0)), "nak");
    assert.equal(ubxVerdict(ack, cfgRate(1000)), undefined);
  });

  it("are the PMTK sentences that are in use everywhere", () => {
    const line = (text: string) => String.fromCharCode(...nmeaLine(text));
    assert.equal(line(pmtkFixInterval(200)), "$PMTK220,200*2C\r\n");
    assert.equal(line(pmtkFixInterval(1000)), "$PMTK220,1000*1F\r\n");
    const two = pmtkSentences(["RMC", "GGA"]);
    assert.equal(line(two), "$PMTK314,0,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0*28\r\n");
    assert.equal(toHex(nmeaLine("PMTK001,604,3")), toHex(toUtf8("$PMTK001,604,3*32\r\n")));
    // Some firmwares repeat the value behind the flag.
    assert.equal(pmtkVerdict(sentence("PMTK001,220,3,1000"), pmtkFixInterval(1000)), "done");
    assert.equal(pmtkVerdict(sentence("PMTK001,314,0"), two), "invalid");
    assert.equal(pmtkVerdict(sentence("PMTK001,22,3"), pmtkFixInterval(1000)), undefined);
  });
});
