import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

/**
 * `same-curves`: Ed25519 wherever something is signed, as with us. `as-it-comes`: what
 * oidc-provider does where nobody says anything else. Of the access token its documentation says
 * of `ResourceServer.jwt`: "Default is `{ sign: { alg: 'RS256' }, encrypt: false }`", and
 * `clientDefaults` has `id_token_signed_response_alg: 'RS256'`; the key that it brings itself
 * (`lib/consts/dev_keystore.js`) is of RSA-2048. For assertions `clientAuthSigningAlgValues` has
 * RS256 as its first algorithm with a public key
 * (https://github.com/panva/node-oidc-provider/blob/main/docs/README.md).
 */
export type PeerKind = "same-curves" | "as-it-comes";

/** What a client says of itself to sign with that algorithm; nothing where it is the default. */
const SAID = {
  "same-curves": {
    client: {
      token_endpoint_auth_signing_alg: "EdDSA",
      id_token_signed_response_alg: "EdDSA",
    },
    token: { jwt: { sign: { alg: "EdDSA" } } },
  },
  "as-it-comes": { client: {}, token: {} },
} as const;

/** What the peer is started with; keys as JWK, with algorithm and name. */
export interface PeerOptions {
  readonly kind: PeerKind;
  /** Its own key to sign tokens with. */
  readonly own: object;
  /** The client's public one. */
  readonly client: object;
}

/**
 * oidc-provider with one client that authenticates by private_key_jwt and gets access tokens that
 * are JWTs: what we do without a challenge and without keys for a session. Its memory is its own
 * default one.
 */
export async function startPeer({ kind, own, client }: PeerOptions) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const said = SAID[kind];
  const provider = new Provider(url, {
    clients: [
      {
        client_id: "bench",
        token_endpoint_auth_method: "private_key_jwt",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        jwks: { keys: [client] },
        ...said.client,
      },
    ],
    jwks: { keys: [own] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "urn:doors",
        getResourceServerInfo: () => ({
          scope: "open",
          accessTokenFormat: "jwt",
          accessTokenTTL: 900,
          ...said.token,
        }),
      },
    },
    ttl: { ClientCredentials: 900 },
  });
  server.on("request", provider.callback());
  return {
    facts: { url },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
