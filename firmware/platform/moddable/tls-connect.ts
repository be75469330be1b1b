import type { TCP, TCPConstructor } from "../../../hal/ecma419.ts";
import { LatchkeyError, toLatchkeyError } from "../../../protocol/errors.ts";
import type { Connect, ConnectionHandlers } from "./http-client.ts";
import { checkChain, type TlsTrustOptions } from "./tls-trust.ts";

/** What `tls-certificates.js` of the image hands a server's certificates to. */
export interface TlsJudge {
  /** Whether the handshake goes on; DER, the server's first. */
  judge(chain: readonly Uint8Array[]): boolean;
  /** The server's key has signed the handshake, or the handshake ends by itself. */
  proved(): void;
}

/** The SDK's TLS over a socket (`tlssocket` of SDK 8.2), as far as it is used. */
export type TlsSocketConstructor = new (
  options: ConnectionHandlers & {
    readonly address: string;
    readonly port: number;
    /** For the server name indication. */
    readonly host: string;
    readonly TCP: { readonly io: TCPConstructor };
    readonly secure: TlsJudge;
  },
) => Pick<TCP, "read" | "write" | "close">;

/** What the configuration and the node tell; the rest of the trust comes with the image. */
export type TlsTrust = Pick<TlsTrustOptions, "pins" | "crypto" | "nowUnix" | "hint">;

/** https by the SDK's TLS, with trust of our own; http by `plain`. */
export function tlsConnect(
  Tls: TlsSocketConstructor,
  Tcp: TCPConstructor,
  plain: Connect,
  trust: TlsTrustOptions,
): Connect {
  return (url, address, handlers) => {
    if (!url.secure) return plain(url, address, handlers);
    // The answer is there long before the handshake comes to the certificates.
    if (trust.nowUnix() === undefined) trust.hint?.ask();
    let reason: LatchkeyError | undefined;
    let isProved = false;
    const proved = (): void => {
      isProved = true;
    };
    const judge = (chain: readonly Uint8Array[]): boolean => {
      try {
        checkChain(trust, url.host, chain);
        return true;
      } catch (error) {
        reason = toLatchkeyError(error);
        return false;
      }
    };
    const failed = (cause?: unknown): void =>
      handlers.onError(reason ?? (cause === undefined ? undefined : broken(cause)));
    return new Tls({
      ...{ address, port: url.port, host: url.host, secure: { judge, proved } },
      TCP: { io: guarded(Tcp, failed) },
      onReadable: (count) => {
        if (isProved) handlers.onReadable(count);
      },
      // Comes when the handshake is over, and not before.
      onWritable: (room) => (isProved ? handlers.onWritable(room) : handlers.onError(unproved())),
      onError: () => failed(),
    });
  };
}

function unproved(): LatchkeyError {
  const message = "the server did not prove that it has its certificate's key";
  return new LatchkeyError("tls-untrusted", { message });
}

function broken(cause: unknown): LatchkeyError {
  return new LatchkeyError("network-failed", { message: "the TLS handshake failed", cause });
}

/** What TLS throws while a socket calls it would otherwise end in C, and with it the program. */
function guarded(Tcp: TCPConstructor, failed: (cause: unknown) => void): TCPConstructor {
  return class extends Tcp {
    constructor(options: ConstructorParameters<TCPConstructor>[0]) {
      const guard =
        <A extends unknown[]>(call: ((...given: A) => void) | undefined) =>
        (...given: A): void => {
          try {
            call?.(...given);
          } catch (cause) {
            failed(cause);
          }
        };
      super({
        ...options,
        onReadable: guard(options.onReadable),
        onWritable: guard(options.onWritable),
        onError: guard(options.onError),
      });
    }
  };
}
