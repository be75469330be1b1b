/** Fastify: the notes of each identity, protected by the bridge. */
import Fastify, { type FastifyInstance } from "fastify";
import { type BridgeOptions, identityBridge } from "latchkey/bridge";

export function notesOnFastify(options: BridgeOptions): FastifyInstance {
  const bridge = identityBridge(options);
  const notes = new Map<string, string[]>();
  const app = Fastify();
  app.setErrorHandler((error, _request, reply) => bridge.sendProblem(reply, error));
  app.post("/notes", async (request, reply) => {
    const { identityHash, body } = await bridge.authenticate(request);
    const own = notes.get(identityHash) ?? [];
    if (typeof body["note"] === "string") notes.set(identityHash, [...own, body["note"]]);
    return bridge.sendEncrypted(reply, { status: "ok", data: notes.get(identityHash) ?? [] });
  });
  app.post("/notes/all", async (request, reply) => {
    const { claims } = await bridge.authenticate(request);
    bridge.requireRole(claims, "admin");
    return bridge.sendEncrypted(reply, { status: "ok", data: [...notes.values()].flat() });
  });
  return app;
}
