/** Bare `node:http`: the notes of each identity, protected by the bridge. */
import { createServer, type Server } from "node:http";
import { type BridgeOptions, identityBridge } from "latchkey/bridge";

export function notesOnNodeHttp(options: BridgeOptions): Server {
  const bridge = identityBridge(options);
  const notes = new Map<string, string[]>();
  return createServer(async (req, res) => {
    try {
      const { identityHash, claims, body } = await bridge.authenticate(req);
      if (req.url === "/notes/all") bridge.requireRole(claims, "admin");
      const own = notes.get(identityHash) ?? [];
      if (typeof body["note"] === "string") notes.set(identityHash, [...own, body["note"]]);
      const data = req.url === "/notes/all" ? [...notes.values()].flat() : notes.get(identityHash);
      await bridge.sendEncrypted(res, { status: "ok", data: data ?? [] }, { status: 200 });
    } catch (error) {
      await bridge.sendProblem(res, error);
    }
  });
}
