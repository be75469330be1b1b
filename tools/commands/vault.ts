import { storesFrom } from "../../server/environment.ts";
import { usageError } from "../cli/arguments.ts";
import type { Command } from "../cli/command.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { resolvePath, SERVER_FOLDER } from "../reader-file.ts";

export const vault: Command = {
  name: "vault",
  summary: "changes the key under which a server seals its tenants' keys",
  operands: "rotate",
  maxOperands: 1,
  options: [
    { name: "data", value: "folder", help: `where the keys are; ${SERVER_FOLDER} by default` },
  ],
  examples: [["latchkey vault rotate", "to the newest of keys/vault*.key"]],
  async *run(context, args) {
    if (args.positionals[0] !== "rotate") throw usageError("say `latchkey vault rotate`");
    const folder = resolvePath(context, args.text("data") ?? SERVER_FOLDER);
    const { active, resealed } = await context.rotateVault(folder, storesFrom(context.env));
    const text = `All is sealed under the key-encryption key ${active}; ${resealed} were sealed anew`;
    yield { type: "done", text, fields: { active, resealed } };
    yield { type: "note", text: "The key before it is refused from now on: remove it." };
    return EXIT.ok;
  },
};
