import assert from "node:assert/strict";
import { parseReaderConfig } from "../../firmware/config.ts";
import { FlashConfigStore } from "../../firmware/provisioning/flash-config-store.ts";
import { readText } from "../../host-sim/display/read-text.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { WifiModel } from "../../host-sim/net/wifi-model.ts";
import { SIM_BASE_URL } from "../../host-sim/node/backend.ts";
import { deskReaderJson } from "../../host-sim/node/desk-reader.ts";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { nodeFingerprint } from "../../protocol/node/fingerprint.ts";
import { FakeWorld } from "../tools/fake-context.ts";
import { faultyPort, worldTimer } from "../tools/faulty-port.ts";

const PASSWORD = "correct horse";
const LAB = { ssid: "lab", password: PASSWORD, rssiDbm: -50 };

/** A reader as it comes out of its box, a server, and a laptop on the reader's port. */
async function outOfTheBox(seed: string) {
  let store: FlashConfigStore | undefined;
  const sim = await Simulation.create({
    seed,
    provisioning: (world) => {
      store = new FlashConfigStore(new FlashModel({ rng: world.rng("cfg"), sizeBytes: 8192 }));
      const check = (json: string) => void parseReaderConfig(json);
      return { store, wifi: new WifiModel(world, [LAB]), check };
    },
  });
  let spoken = "";
  sim.board.serial.onData((bytes) => {
    spoken += String.fromCharCode(...bytes);
  });
  const port = faultyPort(sim.board.serial);
  const fake = new FakeWorld({
    env: { LATCHKEY_WIFI_PASSWORD: PASSWORD },
    listSerialPorts: async () => [{ path: "/dev/ttyACM0", title: "Pico" }],
    timer: worldTimer(sim.world),
    openBytes: port.connect,
  });
  const put = (changes: object) => {
    const config = { ...deskReaderJson(sim.tenant.provisioning, SIM_BASE_URL), ...changes };
    fake.files.set("/desk/latchkey.json", JSON.stringify(config));
  };
  put({});
  return {
    ...{ sim, fake, put },
    store: store!,
    spoken: () => spoken,
    async provision(...words: string[]) {
      let ended = false;
      const running = fake.run("provision", "--wifi-ssid", "lab", ...words).finally(() => {
        ended = true;
      });
      assert.ok(await sim.until(() => ended, 300_000_000), "hangs");
      return running;
    },
  };
}

describe("a reader out of its box", () => {
  it("is provisioned, registers, and opens the door", async function () {
    this.timeout(90_000);
    const { sim, provision, spoken } = await outOfTheBox("box");
    sim.board.powerOn();
    await sim.world.runFor(500_000);
    assert.match(readText(sim.board.display!.bitmap()).join("\n"), /SET ME UP/);
    const { exitCode, out, err } = await provision();
    assert.equal(exitCode, 0, err);
    const [node] = await sim.backend.admin.nodes(sim.tenant.tenantId);
    assert.match(out, /registration +registered/);
    assert.match(out, new RegExp(`node uid +${node!.nodeUid}`));
    const fingerprint = nodeFingerprint(nobleCrypto, node!.nodePk);
    assert.ok(out.replaceAll(" ", "").includes(fingerprint), "the key that was shown is used");
    await sim.ready();
    assert.equal((await sim.tap("alice"))?.granted, true);
    const { commKey, df1 } = sim.config;
    for (const secret of [PASSWORD, toBase64Url(commKey.bytes), toBase64Url(df1!.bytes)])
      assert.ok(!`${out}${err}${spoken()}`.includes(secret), "a secret was printed");
  });

  it("waits for approval where the server wants it, and shows what to compare", async function () {
    this.timeout(90_000);
    const { sim, provision } = await outOfTheBox("approve");
    await sim.backend.admin.setRegistration(sim.tenant.tenantId, "approve");
    sim.board.powerOn();
    const { exitCode, out } = await provision();
    assert.equal(exitCode, 0);
    assert.match(out, /registration +pending/);
    assert.match(out, /Approve the node at the server/);
    await sim.world.runFor(300_000);
    const shown = readText(sim.board.display!.bitmap()).join("");
    const [, fingerprint = ""] = /fingerprint +((?:[0-9A-F]{4} ?){8})/.exec(out) ?? [];
    assert.ok(shown.replaceAll(" ", "").includes(fingerprint.replaceAll(" ", "")), shown);
    assert.match(shown, /PENDING/);
  });

  it("finds that the work is done when the command is typed again", async function () {
    this.timeout(90_000);
    const { sim, provision } = await outOfTheBox("twice");
    sim.board.powerOn();
    await provision();
    const boots = sim.board.boots;
    const { exitCode, out } = await provision();
    assert.equal(exitCode, 0);
    assert.match(out, /has this configuration already/);
    assert.equal(sim.board.boots, boots);
  });

  it("says why the server does not take it in", async function () {
    this.timeout(90_000);
    const { sim, provision, put } = await outOfTheBox("refused");
    put({ comm_key: toBase64Url(new Uint8Array(32).fill(9)) });
    sim.board.powerOn();
    const { exitCode, err } = await provision("--wait", "20");
    assert.equal(exitCode, 4);
    assert.match(err, /\[registration-refused\]|\[server-untrusted\]|\[envelope-invalid\]/);
  });
});

describe("a reader at work", () => {
  async function atWork(seed: string) {
    const box = await outOfTheBox(seed);
    box.sim.board.powerOn();
    await box.provision();
    await box.sim.ready();
    return box;
  }

  it("takes another configuration within a minute of its plug, and not by itself", async function () {
    this.timeout(90_000);
    const { sim, provision, put, store } = await atWork("replug");
    put({ label: "Back door" });
    const before = store.read();
    assert.match((await provision()).err, /has a configuration already.*\[conflict\]/);
    const late = await provision("--replace");
    assert.match(late.err, /\[provisioning-locked\]\n.*Unplug the node, plug it in/);
    assert.equal(store.read(), before);
    sim.board.powerOff();
    await sim.world.runFor(2_000_000);
    sim.board.powerOn();
    await sim.world.runFor(3_000_000);
    const { exitCode, err } = await provision("--replace");
    assert.equal(exitCode, 0, err);
    await sim.ready();
    await sim.world.runFor(100_000); // until it is drawn
    assert.match(readText(sim.board.display!.bitmap()).join("\n"), /Back door/);
    assert.equal((await sim.backend.admin.nodes(sim.tenant.tenantId)).length, 1, "the same key");
  });

  it("is not opened by restarting it over the console", async function () {
    this.timeout(90_000);
    const { sim, provision, put } = await atWork("attack");
    put({ base_url: "http://rogue.sim" });
    sim.board.serial.write(toUtf8("reboot\r"));
    await sim.world.runFor(2_000_000);
    assert.match((await provision("--replace")).err, /\[provisioning-locked\]/);
    await sim.ready();
    assert.equal((await sim.tap("alice"))?.granted, true);
  });

  it("opens the door all the while", async function () {
    this.timeout(90_000);
    const { sim } = await atWork("meanwhile");
    sim.board.powerOff();
    sim.board.powerOn();
    await sim.ready();
    let answer = "";
    sim.board.serial.onData((bytes) => {
      answer += fromUtf8(bytes);
    });
    sim.board.serial.write(toUtf8("provision\r"));
    await sim.world.runFor(500_000);
    assert.match(answer, /provisioning: +open/);
    assert.equal((await sim.tap("alice"))?.granted, true);
  });
});
