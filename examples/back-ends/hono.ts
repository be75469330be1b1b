/** Hono: the notes of each identity, protected by the bridge. */
import { Hono } from "hono";
import { type BridgeOptions, identityBridge } from "latchkey/bridge";

export function notesOnHono(options: BridgeOptions): Hono {
  const bridge = identityBridge(options);
  const notes = new Map<string, string[]>();
  const app = new Hono();
  app.onError((error, c) => bridge.sendProblem(c, error));
  app.post("/notes", async (c) => {
    const { identityHash, body } = await bridge.authenticate(c.req);
    const own = notes.get(identityHash) ?? [];
    if (typeof body["note"] === "string") notes.set(identityHash, [...own, body["note"]]);
    return bridge.sendEncrypted(c, { status: "ok", data: notes.get(identityHash) ?? [] });
  });
  app.post("/notes/all", async (c) => {
    const { claims } = await bridge.authenticate(c.req);
    bridge.requireRole(claims, "admin");
    return bridge.sendEncrypted(c, { status: "ok", data: [...notes.values()].flat() });
  });
  return app;
}
