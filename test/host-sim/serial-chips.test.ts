import assert from "node:assert/strict";
import fc from "fast-check";
import { SerialLine } from "../../host-sim/board/serial.ts";
import { uartReads } from "../../host-sim/board/uart-wave.ts";
import { L76xModel } from "../../host-sim/chips/l76x-model.ts";
import { Neo6mModel } from "../../host-sim/chips/neo6m-model.ts";
import { Pzem004tModel } from "../../host-sim/chips/pzem-004t-model.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { serialBench } from "../hal/serial-bench.ts";

const PLACE = { latitude: 47.285233, longitude: 8.565265, altitude: 499.6 };
/** 2026-11-28 09:00:00. */
const UNIX = 1_795_856_400;

function receiver<T extends Neo6mModel | L76xModel>(
  Model: new (options: ConstructorParameters<typeof Neo6mModel>[0]) => T,
) {
  const { world, pass, line } = serialBench();
  const model = new Model({ world, line, unixAtStart: UNIX, place: PLACE });
  model.powerOn();
  const lines = async (ms: number) => {
    model.uart.sent = "";
    await pass(ms);
    return model.uart.sent.split("\r\n").slice(0, -1);
  };
  return { world, pass, line, model, lines, tell: (bytes: Uint8Array) => line.deliver(bytes) };
}

describe("A wire that UARTs drive", () => {
  it("hands on what one sends at the receiver's speed, a little off included", () => {
    const property = fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 20 }),
      fc.integer({ min: -2, max: 2 }),
      (bytes, percent) => {
        const sender = { startUs: 17, baud: 9600 * (1 + percent / 100), bytes };
        assert.deepEqual(uartReads([sender], 9600), bytes);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it("is low where either of two pulls: at the same moment that is the AND of their bytes", () => {
    const two = (bytes: string) => ({ startUs: 0, baud: 9600, bytes: fromHex(bytes) });
    assert.equal(toHex(uartReads([two("f0a5ff"), two("3c5affee")], 9600)), "3000ffee");
  });

  it("gives rubbish at a wrong speed", () => {
    const sender = { startUs: 0, baud: 4800, bytes: toUtf8("$GPGGA") };
    const read = uartReads([sender], 9600);
    assert.ok(read.length > 6);
    assert.notEqual(read[0], 0x24);
  });
});

describe("NEO-6M model", () => {
  it("sends what real modules send before they know anything", async () => {
    const { model, lines } = receiver(Neo6mModel);
    assert.deepEqual(await lines(1000), [
      "$GPRMC,,V,,,,,,,,,,N*53",
      "$GPVTG,,,,,,,,,N*30",
      "$GPGGA,,,,,,0,00,99.99,,,,,,*48",
      "$GPGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99*30",
      "$GPGSV,1,1,00*79",
      "$GPGLL,,,,,,V,N*64",
    ]);
    model.powerOff();
    assert.deepEqual(await lines(3000), []);
  });

  it("finds the place after the data sheet's 27 s of sky, the time with it", async () => {
    const { model, lines } = receiver(Neo6mModel);
    model.engine.showSky(8);
    const before = await lines(26_500);
    assert.ok(before.every((line) => !/,A,\d{4}\./.test(line)));
    const [rmc] = await lines(1000);
    assert.match(rmc!, /^\$GPRMC,090027.00,A,4717.11398,N,00833.91590,E,0.00,0.00,281126,,,A\*/);
    model.engine.showSky(2);
    assert.match((await lines(1000))[0]!, /^\$GPRMC,090028.00,V,,,,,,,281126,,,N\*/);
  });

  it("obeys UBX whose checksum is right, and refuses what it does not have", async () => {
    const { model, lines, tell, pass } = receiver(Neo6mModel);
    const ack = "b5620501020006010f38";
    const answers = async (hex: string) => {
      model.uart.sent = "";
      tell(fromHex(hex));
      await pass(1);
      return toHex(Uint8Array.from(model.uart.sent, (char) => char.charCodeAt(0)));
    };
    assert.equal(await answers("b56206010300f00100fb11"), ack);
    assert.equal(await answers("b56206010300f00100fb12"), "");
    assert.equal(await answers("ff24b5b56206010300f00300fd15"), ack);
    // ACK-NAK: 20 ms is too fast, and there is no sentence 77h.
    assert.match(await answers("b562060806001400010001002a32"), /^b562050002000608/);
    assert.match(await answers("b56206010300f0770071fd"), /^b562050002000601/);
    await pass(1000);
    const types = (await lines(1000)).map((line) => line.slice(3, 6));
    assert.deepEqual(types, ["RMC", "VTG", "GGA", "GSA"]);
  });

  it("loses whole sentences when it is told to say more than the line carries", async () => {
    const { model, tell, pass } = receiver(Neo6mModel);
    model.engine.showSky(8);
    await pass(30_000);
    assert.equal(model.uart.droppedPieces, 0);
    tell(fromHex("b56206080600c80001000100de6a"));
    await pass(5000);
    assert.ok(model.uart.droppedPieces > 10);
  });
});

describe("L76X model", () => {
  it("runs its clock from 1980 until it knows better", async () => {
    const { lines } = receiver(L76xModel);
    const said = await lines(1000);
    assert.equal(said[0], "$GNGGA,000001.000,,,,,0,0,,,,,,,*57");
    assert.match(said[3]!, /^\$GNRMC,000001.000,V,,,,,,,060180,,,N/);
  });

  it("answers PMTK by its flags, and does as it says", async () => {
    const { model, lines, tell } = receiver(L76xModel);
    tell(toUtf8("$PMTK220,1000*1F\r\n$PMTK220,50*1B\r\n$PMTK220,200*00\r\n$PMTK604*30\r\n"));
    tell(toUtf8("$PMTK314,0,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0*28\r\n$PMTK314,1*29\r\n"));
    const flags = [...model.uart.sent.matchAll(/PMTK001,(\d+),(\d)/g)].map(([, a, b]) => [a, b]);
    assert.deepEqual(flags, [
      ["220", "3"],
      ["220", "2"],
      ["604", "1"],
      ["314", "3"],
      ["314", "0"],
    ]);
    const types = (await lines(1000)).map((line) => line.slice(3, 6));
    assert.deepEqual(types, ["GGA", "RMC"]);
  });
});

describe("PZEM-004T model", () => {
  function meter(address = 1) {
    const { world, pass } = serialBench();
    const model = new Pzem004tModel(world, { address });
    const ask = (hex: string) => {
      const answer = model.answer(fromHex(hex));
      return answer === undefined ? undefined : toHex(answer.bytes);
    };
    return { world, pass, model, ask };
  }

  it("answers the manual's example with the manual's bytes", async () => {
    const { pass, model, ask } = meter();
    Object.assign(model.mains, { voltage: 220, current: 1, frequency: 50, powerFactor: 1 });
    assert.equal(ask("01040000000a700d"), undefined);
    await pass(600);
    model.energyWh = 0;
    const answer = "010414089803e80000089800000000000001f40064000063ce";
    assert.equal(ask("01040000000a700d"), answer);
    assert.equal(ask("f8040000000a6464")?.slice(0, 6), "f80414");
    assert.equal(ask("02040000000a703e"), undefined);
    assert.equal(ask("01040000000a700c"), undefined);
    assert.equal(ask("f842c241"), "f842c241");
  });

  it("refuses as the manual says: function | 80h and why", async () => {
    const { pass, model, ask } = meter();
    await pass(600);
    assert.equal(ask("01040000000bb1cd")?.slice(0, 6), "018402");
    assert.equal(ask("0106000200f82988")?.slice(0, 6), "018603");
    model.failing.add(0x42);
    assert.equal(ask("f842c241")?.slice(0, 6), "f8c204");
  });

  it("is dead without mains", async () => {
    const { pass, model, ask } = meter();
    await pass(600);
    model.mainsOff();
    assert.equal(ask("f842c241"), undefined);
  });
});

it("a serial line knows the speed of the port that listens", () => {
  const { world } = serialBench();
  assert.equal(new SerialLine(world).baud, undefined);
});
