import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

/**
 * oidc-provider with one client that authenticates by private_key_jwt and gets access tokens that
 * are JWTs, both signed with Ed25519: the same work as ours, without a challenge and without keys
 * for a session. Its memory is its own default one.
 * @param jwk the client's public key
 */
export async function startPeer(jwk: string) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { generateKeyPairSync } = await import("node:crypto");
  const own = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const provider = new Provider(url, {
    clients: [
      {
        client_id: "bench",
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: "EdDSA",
        id_token_signed_response_alg: "EdDSA",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        jwks: { keys: [JSON.parse(jwk)] },
      },
    ],
    jwks: { keys: [{ ...own, alg: "EdDSA", use: "sig", kid: "1" }] },
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
          jwt: { sign: { alg: "EdDSA" } },
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
