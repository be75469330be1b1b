/** Express: the notes of each identity, protected by the bridge. */
import express, { type Express } from "express";
import { type BridgeOptions, identityBridge } from "latchkey/bridge";

export function notesOnExpress(options: BridgeOptions): Express {
  const bridge = identityBridge(options);
  const notes = new Map<string, string[]>();
  const router = express.Router();
  router.post("/", async (req, res) => {
    const { identityHash, body } = await bridge.authenticate(req);
    const own = notes.get(identityHash) ?? [];
    if (typeof body["note"] === "string") notes.set(identityHash, [...own, body["note"]]);
    await bridge.sendEncrypted(res, { status: "ok", data: notes.get(identityHash) ?? [] });
  });
  router.post("/all", async (req, res) => {
    const { claims } = await bridge.authenticate(req);
    bridge.requireRole(claims, "admin");
    await bridge.sendEncrypted(res, { status: "ok", data: [...notes.values()].flat() });
  });
  const app = express();
  app.use(express.json());
  app.use("/notes", router);
  app.use((error: unknown, _req: unknown, res: express.Response, next: express.NextFunction) => {
    bridge.sendProblem(res, error).catch(next);
  });
  return app;
}
