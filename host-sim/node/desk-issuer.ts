import type { HttpRequest } from "../../protocol/platform.ts";
import type { RunningServer } from "../../server/start.ts";
import type { BadgeIssuer } from "./badge-box.ts";

/** Issues badges in the server's process, and speaks to it over HTTP as any reader does. */
export function issuerOf(server: RunningServer): BadgeIssuer {
  return {
    admin: server.service.admin,
    baseUrl: server.url,
    async handle({ url, method, headers, body }: HttpRequest) {
      const response = await fetch(url, { method, headers: { ...headers }, body });
      const names = Object.fromEntries(response.headers);
      return { status: response.status, headers: names, body: await response.text() };
    },
  };
}
