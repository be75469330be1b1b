import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import { newMnemonic } from "../../protocol/human/mnemonic.ts";
import { type RootWords, withRoot } from "../../protocol/human/root-identity.ts";
import { fingerprint } from "../../protocol/human/x509/certificate.ts";
import { REASON } from "../../protocol/human/x509/crl.ts";
import { systemRandom } from "../../server/system-random.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { HUMAN_FOLDER } from "../human/human-folder.ts";
import { PersonFolder } from "../human/person-folder.ts";
import { RegistryLink } from "../human/registry-link.ts";
import { resolvePath } from "../reader-file.ts";

type Events = AsyncGenerator<CliEvent, undefined>;

export function personFolderOf(context: Context, args: Arguments): PersonFolder {
  return new PersonFolder(context, resolvePath(context, args.text("folder") ?? HUMAN_FOLDER));
}

/** The words from a file: as an argument they would stay in the shell's history. */
export function wordsOf(context: Context, args: Arguments): RootWords {
  const path = args.text("words");
  if (path === undefined)
    throw usageError("--words is needed: the file with the 24 words", "words");
  const text = context.readText(resolvePath(context, path));
  if (text === undefined) throw new LatchkeyError("file-unusable", { message: `no file ${path}` });
  const passphrase = context.env["LATCHKEY_PASSPHRASE"];
  return { mnemonic: text, ...(passphrase !== undefined && { passphrase }) };
}

/** A name of a device is a name of files too. */
export function nameOf(args: Arguments, what: string): string {
  const name = args.positionals[2];
  if (name === undefined || !/^[a-z0-9][a-z0-9-]{0,40}$/.test(name))
    throw usageError(`${what} needs a name of a-z, 0-9 and hyphen`);
  return name;
}

async function* enrol(folder: PersonFolder, words: RootWords): Events {
  const csr = await folder.startEnrolment();
  const { id, certificate, revoker } = withRoot(crypto, words, (root) => ({
    id: root.id,
    certificate: root.certificate(),
    revoker: root.delegateRevocation(csr, { notBefore: folder.nowUnix }),
  }));
  await folder.enrol(certificate, revoker);
  const fields = { root: id, folder: folder.path };
  yield { type: "done", text: `The root ${id} is enrolled in ${folder.path}`, fields };
}

/** `human new`: words, shown once, and all that is kept without them. */
export async function* newHuman(context: Context, args: Arguments): Events {
  const folder = personFolderOf(context, args);
  const mnemonic = newMnemonic(systemRandom);
  const passphrase = context.env["LATCHKEY_PASSPHRASE"];
  const words = { mnemonic, ...(passphrase !== undefined && { passphrase }) };
  yield* enrol(folder, words);
  yield { type: "secret", name: "Words", value: mnemonic };
  yield { type: "warning", text: "Write the words on paper. They are kept nowhere else." };
  yield {
    type: "next",
    text: "Now delegate to this device:",
    command: "npx latchkey human device add laptop --words FILE",
  };
}

/** `human recover`: the same root, on another computer. */
export async function* recover(context: Context, args: Arguments): Events {
  yield* enrol(personFolderOf(context, args), wordsOf(context, args));
}

/** `human device add NAME` */
export async function* addDevice(context: Context, args: Arguments): Events {
  const [folder, name] = [personFolderOf(context, args), nameOf(args, "device add")];
  const words = wordsOf(context, args);
  const own = fingerprint(crypto, folder.root().publicKey);
  const csr = await folder.startDevice(name);
  try {
    const certificate = withRoot(crypto, words, (root) => {
      if (root.id !== own)
        throw new LatchkeyError("certificate-untrusted", {
          message: "The words are those of another root.",
        });
      return root.delegateDevice(csr, name, { notBefore: folder.nowUnix });
    });
    const path = folder.finishDevice(name, certificate);
    yield { type: "done", text: `The device ${name} is delegated: ${path}`, fields: { path } };
  } catch (error) {
    folder.abandonDevice(name);
    throw error;
  }
  const link = RegistryLink.open(context, folder);
  if (link === undefined) return;
  const { url } = link.place;
  const again = `npx latchkey human device join ${name}`;
  yield { type: "note", text: `Telling the registry at ${url}; if it does not answer: ${again}` };
  await link.join(name);
  yield { type: "done", text: `The registry has ${name}`, fields: { device: name, url } };
}

/**
 * `human device revoke NAME`: needs no words. The registry hears of it first: what it has not
 * heard, others go on believing. One that has no such device any more is told nothing new.
 */
export async function* revokeDevice(context: Context, args: Arguments): Events {
  const serial = args.text("serial");
  if (serial !== undefined) {
    yield* (await import("./human-registry.ts")).revokeSerial(context, args, serial);
    return;
  }
  const [folder, name] = [personFolderOf(context, args), nameOf(args, "device revoke")];
  const link = RegistryLink.open(context, folder);
  try {
    await link?.revoke(name, args.flag("lost"), args.text("by"));
  } catch (error) {
    if (!isLatchkeyError(error, "device-unknown")) throw error;
    yield { type: "note", text: `The registry says: ${error.message}` };
  }
  const reason = args.flag("lost") ? REASON.keyCompromise : REASON.cessationOfOperation;
  const number = await folder.revokeDevice(name, reason);
  yield {
    type: "done",
    text: `The device ${name} is revoked by list ${number}`,
    fields: { number },
  };
  if (args.flag("lost"))
    yield {
      type: "note",
      text: "Raise the generation of your pairwise identifiers: whoever has the device may know them.",
    };
}
