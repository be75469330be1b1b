import { StringDecoder } from "node:string_decoder";
import type { SerialPort } from "serialport";
import { LatchkeyError } from "../protocol/errors.ts";
import type { ByteLink, Link, SerialPortInfo } from "./cli/context.ts";

/** The package is native: where it did not install, everything else must work. */
async function serialPortClass() {
  try {
    return (await import("serialport")).SerialPort;
  } catch (cause) {
    const message = "serial ports cannot be used: the package `serialport` did not install";
    throw new LatchkeyError("port-unavailable", { message, cause });
  }
}

/** Ports that have hardware behind them. @throws port-unavailable */
export async function listSerialPorts(): Promise<readonly SerialPortInfo[]> {
  const SerialPort = await serialPortClass();
  let ports: Awaited<ReturnType<typeof SerialPort.list>>;
  try {
    ports = await SerialPort.list();
  } catch (cause) {
    // Linux without udevadm (a container) cannot list ports; it has none worth listing either.
    if (/udevadm|ENOENT/.test(String(cause))) return [];
    throw new LatchkeyError("port-unavailable", {
      message: "serial ports cannot be listed",
      cause,
    });
  }
  return ports
    .filter(({ vendorId, pnpId }) => vendorId !== undefined || pnpId !== undefined)
    .map(({ path, manufacturer, vendorId }) => ({
      path,
      title: manufacturer ?? (vendorId === undefined ? "serial port" : `USB ${vendorId}`),
    }));
}

/** An open port, 8N1. @throws port-unavailable with the reason in words */
export async function openPort(path: string, baud: number): Promise<SerialPort> {
  const SerialPort = await serialPortClass();
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error === null ? resolve() : reject(portError(path, error))));
  });
  return port;
}

/** The port as a line of text in both directions. @throws port-unavailable */
export async function openSerialPort(path: string, baud: number): Promise<Link> {
  const { write, onBytes, onEnd, close } = await openSerialBytes(path, baud);
  return {
    write: (text) => write(Buffer.from(text)),
    onText: (callback) => {
      const decoder = new StringDecoder("utf8"); // a character can come in two parts
      onBytes((bytes) => callback(decoder.write(Buffer.from(bytes))));
    },
    onEnd,
    close,
  };
}

/** The port as bytes in both directions. @throws port-unavailable */
export async function openSerialBytes(path: string, baud: number): Promise<ByteLink> {
  const port = await openPort(path, baud);
  let closing = false;
  return {
    write: (bytes) => void port.write(bytes),
    onBytes: (callback) => void port.on("data", callback),
    onEnd: (callback) => {
      port.on("close", (error?: Error | null) => {
        if (!closing) callback(error?.message ?? "unplugged");
      });
    },
    close: () => {
      closing = true;
      if (port.isOpen) port.close();
    },
  };
}

function portError(path: string, cause: Error): LatchkeyError {
  const why = reasonOf(cause.message);
  return new LatchkeyError("port-unavailable", { message: `${path} ${why}`, cause });
}

function reasonOf(message: string): string {
  if (/ENOENT|No such file|File not found/i.test(message)) return "does not exist";
  if (/EACCES|permission/i.test(message)) {
    return "may not be opened by you: on Linux, `sudo usermod -aG dialout $USER` and log in again";
  }
  if (/EBUSY|Resource busy|lock/i.test(message)) return "is in use by another program";
  return "cannot be opened";
}
