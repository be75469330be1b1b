import { setImmediate } from "node:timers";
import { snapshotChip } from "../../host-sim/nfc/chip-snapshot.ts";
import { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { Backend, SIM_BASE_URL } from "../../host-sim/node/backend.ts";
import { BadgeBox } from "../../host-sim/node/badge-box.ts";
import { deskReaderJson } from "../../host-sim/node/desk-reader.ts";
import { World } from "../../host-sim/world/world.ts";
import type { HttpRequest } from "../../protocol/platform.ts";
import type { HostFunctions } from "./run-file.ts";

interface Opened {
  readonly world: World;
  readonly backend: Backend;
  readonly box: BadgeBox;
}

let opened: Opened | undefined;

function current(): Opened {
  if (opened === undefined) throw new Error("open() comes first");
  return opened;
}

/** The server's side of the reader that runs on XS: the real service, in this process. */
export const hostFunctions: HostFunctions = {
  /** A fresh service and tenant; answers with the reader's configuration. */
  async open(seed) {
    const idle = (): Promise<void> => new Promise((done) => setImmediate(done));
    const world = new World({ seed: String(seed), idle });
    const backend = new Backend(world);
    const own = await backend.createTenant("XS");
    const other = await backend.createTenant("Other");
    const badges = {
      alice: { kind: "good", mode: "STD", holder: "Alice" },
      bob: { kind: "good", mode: "HS", holder: "Bob" },
      sam: { kind: "good", mode: "STD", profile: "sealed", holder: "Sam" },
      carol: { kind: "revoked", mode: "STD", holder: "Carol" },
    } as const;
    opened = { world, backend, box: new BadgeBox({ world, issuer: backend, own, other, badges }) };
    return deskReaderJson(own.provisioning, SIM_BASE_URL);
  },

  /** A badge's chip, with all that it holds. */
  async badge(name) {
    const { card } = await current().box.get(String(name));
    if (!(card instanceof Ntag424)) throw new Error("not a chip");
    return snapshotChip(card);
  },

  /** One request over the network; the service's clock follows the reader's world. */
  async request(argument) {
    const { request, nowUs } = argument as { request: HttpRequest; nowUs: number };
    const { world, backend } = current();
    world.catchUp(nowUs);
    return backend.handle(request);
  },
};
