import assert from "node:assert/strict";
import { createServer } from "node:http";
import { build } from "esbuild";
import type { CDPSession, Page } from "playwright-core";
import { nobleHuman } from "../../protocol/crypto/noble-p256.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import type { Provisioning } from "../../server/admin.ts";
import { type Bridge, identityBridge } from "../../server/bridge/bridge.ts";
import { needChromium, openChromium, type TestBrowser } from "../support/chromium.ts";
import { AppDesk } from "./app-desk.ts";

/** A back end that serves its page, and answers it with what it asked. */
function pageServer(script: string, bridge: () => Bridge) {
  return createServer((req, res) => {
    if (req.method === "GET") {
      const isScript = req.url === "/page.js";
      const headers = { "content-type": isScript ? "text/javascript" : "text/html" };
      res.writeHead(200, headers).end(isScript ? script : "<script src=/page.js></script>");
      return;
    }
    const answer = async () => {
      const { claims, ...asked } = await bridge().authenticate(req);
      if (req.url === "/vault") bridge().requireAssurance(claims, "HS");
      await bridge().sendEncrypted(res, { ...asked, claims });
    };
    answer().catch((error) => bridge().sendProblem(res, error));
  });
}

describe("the SDK in Chromium", function () {
  this.timeout(60_000);
  let browser: TestBrowser;
  let desk: AppDesk;
  let tenant: Provisioning;
  let origin: string;
  let port: string;
  let bridge: Bridge;

  before(async function () {
    needChromium(this);
    const entryPoints = ["test/sdk/browser-page.ts"];
    const built = await build({ entryPoints, bundle: true, format: "iife", write: false });
    const server = pageServer(built.outputFiles[0]!.text, () => bridge);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    port = String(typeof address === "object" && address?.port);
    origin = `http://localhost:${port}`;
    desk = await AppDesk.open({ applications: { origins: [origin] } });
    desk.adopt(server);
    tenant = await desk.tenant();
    bridge = identityBridge(await desk.bridge(tenant));
    browser = await openChromium();
  });
  after(async () => {
    await browser?.close();
    await desk?.close();
  });

  const options = () =>
    JSON.stringify({
      serverUrl: desk.url,
      tenantId: tenant.tenantId,
      serverKeys: tenant.serverKeys.map(toHex),
      audience: "notes",
    });

  async function open(at = origin): Promise<Page> {
    const page = await browser.context.newPage();
    await page.goto(at);
    return page;
  }

  /** Runs a text in the page, where `identity` is one of that kind. */
  const run = (page: Page, kind: "software" | "hardware", text: string): Promise<unknown> =>
    page.evaluate(`(async () => {
      const identity = globalThis.kept ??= ${kind}(${options()});
      return outcome((async () => { ${text} })());
    })()`);

  const post = (path: string) => `return identity.postEncrypted("${path}", { item: 7 });`;

  it("makes the four calls, from nothing to a sealed answer", async () => {
    const page = await open();
    const told = (await run(
      page,
      "software",
      `const jwt = await identity.ensureJwt();
       const session = await identity.handshake(await identity.whoAmI());
       const answer = await identity.postEncrypted("${origin}/x?y=1", { item: 7 });
       return { jwt, session, answer, stored: identity.session.sid };`,
    )) as Record<string, Record<string, unknown>>;
    const body = told["answer"]!["body"] as Record<string, Record<string, unknown>>;
    assert.deepEqual(body["body"], { item: 7 });
    assert.equal(body["identityHash"], told["session"]!["identityHash"]);
    assert.equal(body["claims"]!["acr"], "STD");
    assert.equal(told["stored"], told["session"]!["sid"]);
    assert.equal(told["stored"], body["claims"]!["sid"]);
    await page.close();
  });

  it("keeps the identity over reloads, and has one for two tabs that begin at once", async () => {
    const [one, two] = await Promise.all([open(), open()]);
    const who = "return (await identity.whoAmI()).identityHash;";
    const [a, b] = await Promise.all([run(one!, "software", who), run(two!, "software", who)]);
    assert.match(String(a), /^[0-9a-f]{64}$/);
    assert.equal(a, b);
    await one!.reload();
    assert.equal(await run(one!, "software", who), a);
    await Promise.all([one!.close(), two!.close()]);
  });

  it("keeps keys of a person's device over reloads, one for each name", async () => {
    const page = await open();
    const human = async (name: string): Promise<Uint8Array> => {
      const told = await page.evaluate(`human(${JSON.stringify(name)}, "hello")`);
      const { publicKey, signature } = told as Record<string, number[]>;
      const key = Uint8Array.from(publicKey!);
      assert.ok(nobleHuman.p256Verify(key, toUtf8("hello"), Uint8Array.from(signature!)));
      return key;
    };
    const [bank, shop] = [await human("bank.example"), await human("shop.example")];
    assert.notDeepEqual(bank, shop);
    await page.reload();
    assert.deepEqual(await human("bank.example"), bank);
    assert.equal(await page.evaluate(`outcome(human("Bank", ""))`), "malformed");
    await page.close();
  });

  it("has a key that a script in the page can use and not take away", async () => {
    const page = await open();
    await run(page, "software", "await identity.ensureJwt();");
    // What an attacker's script can do: read all of the origin's storage, and ask for the key.
    const stolen = await page.evaluate(`(async () => {
      const database = await new Promise((resolve) => {
        const request = indexedDB.open("latchkey");
        request.onsuccess = () => resolve(request.result);
      });
      const pair = await new Promise((resolve) => {
        const request = database.transaction("identities").objectStore("identities").get("software-key");
        request.onsuccess = () => resolve(request.result);
      });
      const refused = [];
      for (const format of ["jwk", "pkcs8", "raw"])
        refused.push(await crypto.subtle.exportKey(format, pair.privateKey).then(() => "EXPORTED", (e) => e.name));
      const wrapper = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["wrapKey"]);
      const iv = new Uint8Array(12);
      refused.push(await crypto.subtle
        .wrapKey("pkcs8", pair.privateKey, wrapper, { name: "AES-GCM", iv })
        .then(() => "EXPORTED", (e) => e.name));
      return { refused, extractable: pair.privateKey.extractable, text: JSON.stringify(pair),
        local: { ...localStorage }, session: { ...sessionStorage }, cookies: document.cookie };
    })()`);
    assert.deepEqual(stolen, {
      refused: [
        "InvalidAccessError",
        "InvalidAccessError",
        "InvalidAccessError",
        "InvalidAccessError",
      ],
      extractable: false,
      text: '{"privateKey":{},"publicKey":{}}',
      local: {},
      session: {},
      cookies: "",
    });
    await page.close();
  });

  it("takes no key that was laid in its place and can be read", async () => {
    const page = await open();
    const code = await page.evaluate(`(async () => {
      const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
      const database = await new Promise((resolve) => {
        const request = indexedDB.open("latchkey");
        request.onsuccess = () => resolve(request.result);
      });
      const swap = (value) => new Promise((resolve) => {
        const transaction = database.transaction("identities", "readwrite");
        const store = transaction.objectStore("identities");
        const old = store.get("software-key");
        old.onsuccess = () => store.put(value, "software-key");
        transaction.oncomplete = () => resolve(old.result);
      });
      const own = await swap(pair);
      const code = await outcome(software(${options()}).ensureJwt());
      await swap(own);
      return code;
    })()`);
    assert.equal(code, "storage-corrupt");
    await page.close();
  });

  it("on a page of another origin has no identity of this one, and is refused", async () => {
    const page = await open(`http://127.0.0.1:${port}`);
    const who = await run(page, "software", post(`http://127.0.0.1:${port}/x`));
    assert.equal(who, "network-failed", "the browser does not let a strange page read the answer");
    assert.match(desk.desk.log.join("\n"), /"code":"origin-refused"/);
    await page.close();
  });

  it("says that a browser without Ed25519 cannot keep a key", async () => {
    const page = await browser.context.newPage();
    await page.addInitScript(`{
      const real = crypto.subtle.generateKey.bind(crypto.subtle);
      crypto.subtle.generateKey = (algorithm, ...rest) => algorithm === "Ed25519"
        ? Promise.reject(new DOMException("unknown", "NotSupportedError"))
        : real(algorithm, ...rest);
      const open = indexedDB.open.bind(indexedDB);
      indexedDB.open = (name, version) => open("old-" + name, version);
    }`);
    await page.goto(origin);
    assert.equal(await run(page, "software", "return identity.ensureJwt();"), "key-unsupported");
    await page.close();
  });

  describe("with a passkey", () => {
    let page: Page;
    let devtools: CDPSession;
    let authenticator: string;

    async function plugIn(change: Record<string, boolean> = {}): Promise<void> {
      const made = await devtools.send("WebAuthn.addVirtualAuthenticator", {
        options: {
          protocol: "ctap2",
          transport: "usb",
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
          ...change,
        },
      });
      authenticator = made.authenticatorId;
    }

    beforeEach(async () => {
      page = await open();
      await page.evaluate(`new Promise((resolve) => {
        const request = indexedDB.deleteDatabase("latchkey");
        request.onsuccess = resolve;
      })`);
      devtools = await browser.context.newCDPSession(page);
      await devtools.send("WebAuthn.enable");
    });
    afterEach(() => page.close());

    it("is of the level HS, and its owner is asked for each session", async () => {
      await plugIn();
      const told = (await run(page, "hardware", post(`${origin}/vault`))) as {
        body: { identityHash: string; claims: Record<string, unknown> };
      };
      assert.equal(told.body.claims["acr"], "HS");
      const { credentials } = await devtools.send("WebAuthn.getCredentials", {
        authenticatorId: authenticator,
      });
      assert.equal(credentials.length, 1);
      const before = credentials[0]!.signCount;
      await page.reload();
      const again = (await run(page, "hardware", post(`${origin}/vault`))) as typeof told;
      assert.equal(again.body.identityHash, told.body.identityHash);
      const after = await devtools.send("WebAuthn.getCredentials", {
        authenticatorId: authenticator,
      });
      assert.ok(after.credentials[0]!.signCount > before);
      assert.ok(!desk.desk.log.join("").includes("Ada"));
    });

    it("that may be copied to other devices is not of that level", async () => {
      await plugIn({ defaultBackupEligibility: true });
      assert.equal(await run(page, "hardware", post(`${origin}/vault`)), "assurance-too-low");
    });

    it("whose owner is not verified is not used", async () => {
      await plugIn({ isUserVerified: false });
      assert.equal(await run(page, "hardware", post(`${origin}/vault`)), "passkey-refused");
    });

    it("cannot be had by a software key", async () => {
      assert.equal(await run(page, "software", post(`${origin}/vault`)), "assurance-too-low");
    });

    it("of which the server heard nothing tells it again", async () => {
      await plugIn();
      const lost = `
        const real = globalThis.fetch;
        globalThis.fetch = () => Promise.reject(new TypeError("offline"));
        await identity.ensureJwt().catch(() => {});
        globalThis.fetch = real;
        return identity.postEncrypted("${origin}/vault", {});`;
      const told = (await run(page, "hardware", lost)) as { status: number };
      assert.equal(told.status, 200);
      const { credentials } = await devtools.send("WebAuthn.getCredentials", {
        authenticatorId: authenticator,
      });
      assert.equal(credentials.length, 1);
    });
  });
});
