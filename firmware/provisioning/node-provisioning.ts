import { crc32 } from "../../protocol/encoding/crc32.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { nodeFingerprint } from "../../protocol/node/fingerprint.ts";
import type { Log } from "../../protocol/platform.ts";
import type { PacketHandler } from "../console/console.ts";
import type { Facts } from "../console/snapshot.ts";
import type { Platform } from "../platform.ts";
import { LocalAct } from "./local-act.ts";
import type { Provisioning } from "./provisioning.ts";
import { ProvisioningPort } from "./provisioning-port.ts";

export interface NodeProvisioningOptions {
  readonly platform: Pick<Platform, "clock" | "timer" | "system" | "crypto">;
  readonly provisioning: Provisioning;
  readonly log: Log;
  /** `reader` or `sensor`. */
  readonly product: string;
  /** What people call it. */
  readonly label: string;
  /** It has a configuration, if perhaps one that it cannot use: another one takes a local act. */
  readonly configured: boolean;
  /** It runs with the stored configuration. */
  readonly atWork: boolean;
  readonly nodePk: () => Uint8Array | undefined;
  /** How far it has come: stage, error, network, registration. */
  readonly progress: () => Facts;
  readonly joined: () => boolean;
  /** Starts the node again. */
  readonly restart: () => void;
}

/** Provisioning as the console of a node offers it. */
export interface NodeProvisioning {
  readonly packets: PacketHandler;
  /** The command `provision`. @throws provisioning-locked */
  ask(): Facts;
}

/** Of the packets that this understands. */
const PROTOCOL_VERSION = 1;
/** The only chip that there is firmware for. */
const CHIP = "RP2350";

/** A node that runs with its configuration, as its console knows it. */
export interface NodeAtWork {
  readonly platform: Platform;
  readonly config: { readonly nodeType: string; readonly label: string };
  readonly identity: { readonly state: { readonly nodePk: Uint8Array | undefined } };
  readonly log: Log;
}

/** How a node at work takes another configuration; `undefined` where its platform keeps none. */
export function provisioningAtWork(
  { platform, config, identity, log }: NodeAtWork,
  { progress, restart }: Pick<NodeProvisioningOptions, "progress" | "restart">,
): NodeProvisioning | undefined {
  const { provisioning } = platform;
  if (provisioning === undefined) return undefined;
  return nodeProvisioning({
    ...{ platform, provisioning, log, progress, restart, configured: true, atWork: true },
    ...{ product: config.nodeType, label: config.label },
    nodePk: () => identity.state.nodePk,
    joined: () => platform.network.status().up,
  });
}

export function nodeProvisioning(options: NodeProvisioningOptions): NodeProvisioning {
  const { platform, provisioning, log, product, label, configured, restart } = options;
  const { clock, timer, system, crypto } = platform;
  const act = new LocalAct({ clock, bootReason: system.bootReason, configured });
  const stored = options.atWork ? provisioning.store.read() : undefined;
  const config = stored === undefined ? null : crc32(toUtf8(stored));
  const port = new ProvisioningPort({
    ...{ provisioning, act, log, atWork: options.atWork },
    info: [`Latchkey ${product}`, system.version, CHIP, label],
    describe: () => {
      const nodePk = options.nodePk();
      return {
        latchkey: PROTOCOL_VERSION,
        product,
        configured,
        config,
        radio: provisioning.wifi !== undefined,
        fingerprint: nodePk === undefined ? null : nodeFingerprint(crypto, nodePk),
        chip: system.chipId,
        uptime_ms: Math.round(clock.monotonicMs()),
      };
    },
    progress: options.progress,
    joined: options.joined,
    onStored: restart,
  });
  return {
    packets: {
      timer,
      handle: (packet, send) => port.handle(packet, send),
      damaged: (send) => port.damaged(send),
    },
    ask: () => {
      act.ask();
      log.write("warn", "provisioning-opened");
      const left = act.leftMs;
      return { provisioning: "open", for_ms: Number.isFinite(left) ? Math.round(left) : null };
    },
  };
}
