import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A line between a server and what it depends on, which a test cuts and mends. */
export class CutLine {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #silent = false;
  port = 0;

  private constructor(host: string, port: number) {
    this.#target = { host, port };
  }

  /** @param url of what is behind it */
  static async to(url: string): Promise<CutLine> {
    const { hostname, port } = new URL(url);
    const line = new CutLine(hostname, Number(port));
    await line.mend();
    return line;
  }

  /** The same URL by way of the line. */
  url(of: string): string {
    const url = new URL(of);
    url.hostname = "127.0.0.1";
    url.port = String(this.port);
    return url.href;
  }

  /** Nobody is there any more: what was open is reset, what is new is refused. */
  async cut(): Promise<void> {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    const server = this.#server;
    this.#server = undefined;
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** Nothing comes through, and nobody hangs up. */
  fallSilent(): void {
    this.#silent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Again at the same port; what was silent is cut, as a router does that was started anew. */
  async mend(): Promise<void> {
    this.#silent = false;
    await this.cut();
    const server = createServer((near) => this.#join(near));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  #join(near: Socket): void {
    const far = connect(this.#target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on("data", (bytes) => to.write(bytes));
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#silent) from.pause();
    }
  }
}
