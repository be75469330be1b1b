import { Backend, SIM_BASE_URL } from "../../host-sim/node/backend.ts";
import { deskSensorJson } from "../../host-sim/node/desk-sensor.ts";
import { idle } from "../../host-sim/node/simulation.ts";
import { World } from "../../host-sim/world/world.ts";
import type { HttpRequest } from "../../protocol/platform.ts";
import type { HostFunctions } from "./run-file.ts";

interface Opened {
  readonly world: World;
  readonly backend: Backend;
}

let opened: Opened | undefined;

function current(): Opened {
  if (opened === undefined) throw new Error("open() comes first");
  return opened;
}

/** The server's side of the sensor node that runs on XS: the real service, in this process. */
export const hostFunctions: HostFunctions = {
  /** A fresh service and tenant; answers with the node's configuration. */
  async open(seed) {
    const world = new World({ seed: String(seed), idle });
    const backend = new Backend(world);
    const { provisioning } = await backend.createTenant("XS");
    opened = { world, backend };
    return deskSensorJson(provisioning, SIM_BASE_URL, { upload: { every: "1s" } });
  },

  /** One request over the network; the service's clock follows the node's world. */
  async request(argument) {
    const { request, nowUs } = argument as { request: HttpRequest; nowUs: number };
    const { world, backend } = current();
    world.catchUp(nowUs);
    return backend.handle(request);
  },

  /** What the server has, in the order of arrival. */
  async readings() {
    return current().backend.readings.map(({ reading }) => reading.fields);
  },
};
