import { LatchkeyError, malformed } from "../../protocol/errors.ts";
import type { Context } from "./context.ts";

const CTRL_C = "\u0003";
const ERASE = /[\b\u007f]/;
const SECRET_CHARS_MAX = 128;
/** Kept, so that characters too many can be taken back one by one. */
const TYPED_MAX = 4096;

/**
 * Asks for something that must not stand on a screen: what is typed is not shown.
 * @throws cancelled at Ctrl-C or when the input ends; malformed for more than 128 characters, of
 * which nothing is cut off: a passphrase of which a part was left out would open nothing later
 */
export async function readSecret(context: Context, question: string): Promise<string> {
  const { stdin, stderr } = context;
  stderr.write(`${question}: `);
  stdin.setRawMode?.(true);
  try {
    return await typedLine(stdin);
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
    stderr.write("\n");
  }
}

function typedLine(stdin: Context["stdin"]): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = "";
    const stop = (): void => {
      stdin.off("data", onData);
      stdin.off("end", onEnd);
    };
    const onEnd = (): void => {
      stop();
      reject(new LatchkeyError("cancelled"));
    };
    const onData = (chunk: Buffer | string): void => {
      for (const char of String(chunk)) {
        if (char === CTRL_C) {
          onEnd();
          return;
        }
        if (char === "\r" || char === "\n") {
          stop();
          if (typed.length <= SECRET_CHARS_MAX) resolve(typed);
          else reject(malformed("secret", `longer than ${SECRET_CHARS_MAX} characters`));
          return;
        }
        if (ERASE.test(char)) typed = typed.slice(0, -1);
        else if (typed.length <= TYPED_MAX) typed += char;
      }
    };
    stdin.on("data", onData);
    stdin.once("end", onEnd);
    stdin.resume();
  });
}
