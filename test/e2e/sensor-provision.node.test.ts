import assert from "node:assert/strict";
import { FlashConfigStore } from "../../firmware/provisioning/flash-config-store.ts";
import { parseSensorNodeConfig } from "../../firmware/sensor/sensor-config.ts";
import type { SensorDriver } from "../../firmware/sensor/sensor-driver.ts";
import { startSensorNode } from "../../firmware/sensor/sensor-node.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { PowerGate } from "../../host-sim/board/power-gate.ts";
import { SerialLine } from "../../host-sim/board/serial.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { NetworkModel } from "../../host-sim/net/network-model.ts";
import { Backend, SIM_BASE_URL } from "../../host-sim/node/backend.ts";
import { idle } from "../../host-sim/node/simulation.ts";
import { nodePlatform } from "../../host-sim/node-platform.ts";
import { World } from "../../host-sim/world/world.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { nodeFingerprint } from "../../protocol/node/fingerprint.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { ImprovClient } from "../../tools/provision/improv-client.ts";
import { describeNode, nodeProgress } from "../../tools/provision/node-facts.ts";
import { sendConfig } from "../../tools/provision/send-config.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { faultyPort, worldTimer } from "../tools/faulty-port.ts";

const METER: SensorDriver = {
  ...{ platform: "meter", settings: [], quantities: ["power"] },
  configure: () => () => ({ measure: async () => ({ power: 1 }), close: () => undefined }),
};

async function pendingNode() {
  const world = new World({ seed: "sensor", idle });
  const backend = new Backend(world);
  const { tenantId, provisioning: given } = await backend.createTenant("Desk");
  await backend.admin.setRegistration(tenantId, "approve");
  const config = {
    base_url: SIM_BASE_URL,
    tenant_id: tenantId,
    comm_key: toBase64Url(given.commKey.bytes),
    comm_iv: toBase64Url(given.commIv),
    server_keys: given.serverKeys.map(toBase64Url),
    label: "Cellar",
    console: { transmit: 0, receive: 1 },
    sensors: [{ platform: "meter", name: "mains" }],
  };
  const store = new FlashConfigStore(new FlashModel({ rng: world.rng("config"), sizeBytes: 8192 }));
  store.write(JSON.stringify(config));
  const line = new SerialLine(world);
  const network = new NetworkModel({ world, backend: (request) => backend.handle(request) });
  let restarts = 0;
  const platform = nodePlatform({
    ...{ world, network, gate: new PowerGate(), crypto: nodeCrypto },
    io: boardIo({ pins: new Pins(world), buses: [], serials: new Map([[0, line]]) }),
    flash: new FlashModel({ rng: world.rng("flash"), sizeBytes: 128 * 1024 }),
    ...{ bootReason: "power-on", chipId: "00", version: "1.0.0" },
    onRestart: () => void restarts++,
  });
  const check = (json: string) => void parseSensorNodeConfig(json, [METER]);
  const provisioned = { ...platform, provisioning: { store, check } };
  const node = startSensorNode(provisioned, config, { drivers: [METER] });
  assert.ok(await world.run(() => node.stage === "pending", 20_000_000));
  const link = await faultyPort(line).connect();
  const { signal: interrupted } = new AbortController();
  const client = new ImprovClient({ link, timer: worldTimer(world), path: "port", interrupted });
  return {
    ...{ world, backend, tenantId, config, store, node, client },
    restarts: () => restarts,
    async run<T>(promise: Promise<T>): Promise<T> {
      let settled = false;
      const mark = () => {
        settled = true;
      };
      promise.then(mark, mark);
      assert.ok(await world.run(() => settled, 60_000_000), "hangs");
      return promise;
    },
  };
}

describe("a sensor node that waits for approval", () => {
  it("shows its key, tells where it stands, and takes another configuration", async () => {
    const desk = await pendingNode();
    const { node, client, backend, tenantId, config, store, run, world } = desk;
    const [known] = await backend.admin.nodes(tenantId);
    const fingerprint = nodeFingerprint(nodeCrypto, known!.nodePk);
    assert.equal(node.screen.title, "PENDING");
    assert.ok(node.screen.qr !== undefined);
    assert.equal(node.screen.lines.slice(1).join("").replaceAll(" ", ""), fingerprint);
    const told = await run(describeNode(client));
    assert.equal(told?.get("product"), "sensor");
    assert.equal(told?.get("fingerprint"), fingerprint);
    assert.equal((await run(nodeProgress(client))).get("registration"), "pending");
    const other = JSON.stringify({ ...config, label: "Attic" });
    await run(rejectsCode(sendConfig(client, other), "provisioning-locked"));
    client.type("provision\r");
    await run(sendConfig(client, other));
    assert.equal(store.read(), other);
    await world.runFor(1_000_000);
    assert.equal(desk.restarts(), 1);
  });
});
