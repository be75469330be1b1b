import { crc32 } from "../../protocol/encoding/crc32.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import {
  encodePacket,
  IMPROV_ERROR,
  IMPROV_STATE,
  IMPROV_TYPE,
  type ImprovPacket,
} from "../../protocol/improv/packet.ts";
import {
  encodeResult,
  IMPROV_COMMAND,
  type ImprovCommand,
  parseCommand,
  parseWifi,
  type WifiSettings,
} from "../../protocol/improv/rpc.ts";
import type { Log } from "../../protocol/platform.ts";
import type { Facts } from "../console/snapshot.ts";
import { withWifi } from "./config-wifi.ts";
import type { LocalAct } from "./local-act.ts";
import type { Provisioning } from "./provisioning.ts";
import { ConfigUpload } from "./upload.ts";

export interface ProvisioningPortOptions {
  readonly provisioning: Provisioning;
  readonly act: LocalAct;
  /** The node runs with the stored configuration, and on the network that it names. */
  readonly atWork: boolean;
  readonly log: Log;
  /** Firmware's name and version, chip, name of the device: what Improv asks for. */
  readonly info: readonly [string, string, string, string];
  /** Which node this is; what it is doing. Asked anew each time. */
  readonly describe: () => Facts;
  readonly progress: () => Facts;
  /** Whether the node is on its network. */
  readonly joined: () => boolean;
  /** A new configuration is in the store: time to start with it, once the answer is out. */
  readonly onStored: () => void;
}

type Send = (packet: Uint8Array) => void;

/**
 * The node's side of provisioning: the Improv serial protocol with commands of our own for the
 * whole configuration. What comes in is never logged and never sent back.
 */
export class ProvisioningPort {
  readonly #options: ProvisioningPortOptions;
  readonly #upload = new ConfigUpload();
  #wifi: WifiSettings | undefined;
  /** Why the last attempt to join failed: Improv's own error knows no reasons. */
  #wifiError: ErrorCode | undefined;
  #joining = false;
  #busy = false;
  /** A commit that is repeated is answered again, and nothing else happens. */
  #stored = false;

  constructor(options: ProvisioningPortOptions) {
    this.#options = options;
  }

  /** A packet from the port. Answers now, or later when the radio has to be asked. */
  handle({ type, data }: ImprovPacket, send: Send): void {
    if (type !== IMPROV_TYPE.command) return; // an echo, or another device's
    let command: ImprovCommand;
    try {
      command = parseCommand(data);
    } catch {
      sendError(send, IMPROV_ERROR.invalid);
      return;
    }
    // A repetition while the radio works: the answer is on its way.
    if (this.#busy) return;
    sendError(send, IMPROV_ERROR.none);
    this.#run(command, send);
  }

  /** A packet whose checksum was wrong, or that did not end. */
  damaged(send: Send): void {
    sendError(send, IMPROV_ERROR.invalid);
  }

  #run(command: ImprovCommand, send: Send): void {
    switch (command.command) {
      case IMPROV_COMMAND.state:
        this.#sendState(send);
        return;
      case IMPROV_COMMAND.info:
        send(encodeResult(command.command, this.#options.info));
        return;
      case IMPROV_COMMAND.scan:
        this.#whileBusy(this.#scan(send));
        return;
      case IMPROV_COMMAND.wifi:
        this.#whileBusy(this.#join(command.data, send));
        return;
      default:
        this.#runOurs(command, send);
    }
  }

  #runOurs({ command, data }: ImprovCommand, send: Send): void {
    const work = this.#ours(command, data);
    if (work === undefined) {
      sendError(send, IMPROV_ERROR.unknownCommand);
      return;
    }
    try {
      send(encodeResult(command, ["ok", ...work()]));
    } catch (error) {
      const { code, message } = toLatchkeyError(error);
      this.#options.log.write("warn", "provisioning-refused", { code });
      send(encodeResult(command, ["error", code, message]));
    }
  }

  #ours(command: number, data: Uint8Array): (() => readonly string[]) | undefined {
    const { describe, progress } = this.#options;
    switch (command) {
      case IMPROV_COMMAND.describe:
        return () => pairs({ ...describe(), access: this.#access() });
      case IMPROV_COMMAND.progress:
        return () => pairs({ ...progress(), wifi_error: this.#wifiError ?? null });
      case IMPROV_COMMAND.begin:
        return () => {
          this.#needAccess();
          this.#stored = false;
          this.#upload.begin(data);
          return [];
        };
      case IMPROV_COMMAND.piece:
        return () => {
          this.#needAccess();
          return [String(this.#upload.piece(data))];
        };
      case IMPROV_COMMAND.commit:
        return () => this.#commit();
      default:
        return undefined;
    }
  }

  /** Checked first: what would not start must not take the place of what does. */
  #commit(): readonly string[] {
    this.#needAccess();
    if (!this.#stored) {
      const json = this.#upload.take();
      this.#keep(this.#wifi === undefined ? json : withWifi(json, this.#wifi, "if-absent"));
    }
    return [];
  }

  #keep(json: string): void {
    const { provisioning, log, onStored } = this.#options;
    const { check, store } = provisioning;
    check(json);
    store.write(json);
    this.#stored = true;
    log.write("warn", "configuration-stored", { crc: crc32(toUtf8(json)) });
    onStored();
  }

  async #join(data: Uint8Array, send: Send): Promise<void> {
    const { act, log, provisioning, atWork } = this.#options;
    if (!act.open) {
      sendError(send, IMPROV_ERROR.notAuthorised);
      return;
    }
    try {
      const settings = parseWifi(data);
      this.#wifiError = undefined;
      this.#joining = true;
      this.#sendState(send);
      const { wifi, store } = provisioning;
      // A node at work cannot leave its network to try another: it starts anew with the settings.
      const running = atWork ? store.read() : undefined;
      if (running === undefined && wifi === undefined) throw new LatchkeyError("network-down");
      if (running === undefined) await wifi?.tryJoin(settings);
      this.#wifi = settings;
      this.#joining = false;
      if (running !== undefined) this.#keep(withWifi(running, settings, "replace"));
      sendPacketState(send, IMPROV_STATE.provisioned);
      send(encodeResult(IMPROV_COMMAND.wifi, [""]));
    } catch (error) {
      this.#joining = false;
      const { code } = toLatchkeyError(error);
      log.write("warn", "wifi-refused", { code });
      sendPacketState(send, this.#state());
      this.#wifiError = code;
      sendError(send, code === "malformed" ? IMPROV_ERROR.invalid : IMPROV_ERROR.unableToConnect);
    }
  }

  async #scan(send: Send): Promise<void> {
    const { wifi } = this.#options.provisioning;
    const found = wifi === undefined ? [] : await wifi.scan().catch(() => []);
    for (const { ssid, rssiDbm, secured } of found)
      send(encodeResult(IMPROV_COMMAND.scan, [ssid, String(rssiDbm), secured ? "YES" : "NO"]));
    send(encodeResult(IMPROV_COMMAND.scan, []));
  }

  #whileBusy(work: Promise<void>): void {
    this.#busy = true;
    const done = () => {
      this.#busy = false;
    };
    work.then(done, done);
  }

  #sendState(send: Send): void {
    const state = this.#state();
    sendPacketState(send, state);
    if (state === IMPROV_STATE.provisioned) send(encodeResult(IMPROV_COMMAND.state, [""]));
  }

  /** Public tools offer to set up what is ready, and leave alone what is provisioned. */
  #state(): number {
    const { act, joined } = this.#options;
    if (this.#joining) return IMPROV_STATE.provisioning;
    if (joined() || this.#wifi !== undefined) return IMPROV_STATE.provisioned;
    return act.open ? IMPROV_STATE.ready : IMPROV_STATE.locked;
  }

  #access(): string {
    return this.#options.act.open ? "open" : "locked";
  }

  #needAccess(): void {
    if (!this.#options.act.open) throw new LatchkeyError("provisioning-locked");
  }
}

function sendError(send: Send, error: number): void {
  send(encodePacket(IMPROV_TYPE.error, Uint8Array.of(error)));
}

function sendPacketState(send: Send, state: number): void {
  send(encodePacket(IMPROV_TYPE.state, Uint8Array.of(state)));
}

/** Names and values in turn; what is not known stays out. */
function pairs(facts: Facts): string[] {
  return Object.entries(facts).flatMap(([name, value]) =>
    value === null ? [] : [name, String(value)],
  );
}
