import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../../protocol/platform.ts";
import { ApplicationIdentity } from "../../sdk/application-identity.ts";
import type { ApplicationOptions } from "../../sdk/application-options.ts";
import { keyFile } from "../../sdk/node/key-file.ts";
import { webPlatform } from "../../sdk/web-platform.ts";
import type { NewTenant, Provisioning } from "../../server/admin.ts";
import { createServer } from "../../server/app.ts";
import { type BridgeOptions, identityBridge } from "../../server/bridge/bridge.ts";
import { Desk, type DeskOptions } from "../server/desk.ts";

/** The one page that the desk's server lets in. */
export const ORIGIN = "http://localhost:4000";

/** What an application sends passes here: it can be looked at, kept and altered. */
export class Wire implements HttpClient {
  readonly sent: HttpRequest[] = [];
  readonly answers: HttpResponse[] = [];
  alter: (request: HttpRequest) => HttpRequest = (request) => request;

  async request(request: HttpRequest): Promise<HttpResponse> {
    this.sent.push(request);
    const answer = await webPlatform.http.request(this.alter(request));
    this.answers.push(answer);
    return answer;
  }

  /** The last request to a path that ends so. */
  last(end: string): HttpRequest {
    return this.sent.findLast(({ url }) => url.endsWith(end))!;
  }
}

export interface TestApplication {
  readonly identity: ApplicationIdentity;
  readonly wire: Wire;
  readonly path: string;
}

/** A Latchkey server over a socket, back ends behind it and applications before it. */
export class AppDesk {
  readonly desk: Desk;
  readonly folder = mkdtempSync(join(tmpdir(), "latchkey-sdk-"));
  readonly #servers: Server[] = [];
  readonly #identities: ApplicationIdentity[] = [];
  #app!: FastifyInstance;
  url = "";

  private constructor(options: DeskOptions) {
    this.desk = new Desk({ applications: { origins: [ORIGIN] }, ...options });
  }

  static async open(options: DeskOptions = {}): Promise<AppDesk> {
    const made = new AppDesk(options);
    let serial = 0;
    const log = { write: (...line: unknown[]) => made.desk.log.push(JSON.stringify(line)) };
    const requestId = () => `request-${++serial}`;
    made.#app = createServer({ service: made.desk.service, log, requestId });
    made.url = await made.#app.listen({ host: "127.0.0.1", port: 0 });
    return made;
  }

  tenant(order: Partial<NewTenant> = {}): Promise<Provisioning> {
    return this.desk.tenant(order);
  }

  /** What a back end of that name is configured with. */
  async bridge({ tenantId }: Provisioning, audience = "notes"): Promise<BridgeOptions> {
    const { applications } = this.desk.service.admin;
    const { token } = await applications.createBackEnd({ tenantId, audience });
    return { serverUrl: this.url, token };
  }

  /** Closes it with the rest. */
  adopt(server: Server): void {
    this.#servers.push(server);
  }

  /** Has it listen; gives its address. */
  async listen(server: Server): Promise<string> {
    this.adopt(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** A back end that answers with what it was told, to anyone whose request opens. */
  async echo(options: BridgeOptions): Promise<string> {
    const bridge = identityBridge(options);
    return this.listen(
      createHttpServer((req, res) => {
        const answer = async () => {
          const { claims, ...asked } = await bridge.authenticate(req);
          if (req.url?.startsWith("/admin")) bridge.requireRole(claims, "admin");
          if (req.url?.startsWith("/vault")) bridge.requireAssurance(claims, "HS");
          await bridge.sendEncrypted(res, { ...asked, claims }, { status: 201 });
        };
        answer().catch((error) => bridge.sendProblem(res, error));
      }),
    );
  }

  /** An application on a device of its own; one of a name has its own key file. */
  application(
    { tenantId, serverKeys }: Provisioning,
    name = "app",
    options: Partial<ApplicationOptions> = {},
  ): TestApplication {
    const wire = new Wire();
    const path = join(this.folder, `${name}.key`);
    const identity = new ApplicationIdentity({
      ...{ serverUrl: this.url, tenantId, audience: "notes" },
      serverKeys: serverKeys.map(toHex),
      keys: keyFile({ path }),
      platform: { ...webPlatform, http: wire },
      ...options,
    });
    this.#identities.push(identity);
    return { identity, wire, path };
  }

  async close(): Promise<void> {
    for (const identity of this.#identities) identity.close();
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await this.#app.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What came of sending a request again as it is: the status and the code, if there is one. */
export async function resend(request: Omit<HttpRequest, "timeoutMs">): Promise<string> {
  const { url, headers, body, method } = request;
  const response = await fetch(url, { method, headers, body });
  const answer = (await response.json()) as Record<string, unknown>;
  return String(answer["code"] ?? response.status);
}
