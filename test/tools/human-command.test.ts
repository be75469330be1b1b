import assert from "node:assert/strict";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { checkDevice, parseRoot } from "../../protocol/human/device.ts";
import { fromPem } from "../../protocol/human/x509/pem.ts";
import { throwsCode } from "../protocol/error-code.ts";
import { ALICE, ALICE_ID, BOB } from "../protocol/human-words.ts";
import { FakeWorld } from "./fake-context.ts";

const NOW = 1_700_000_000;
const HOME = "/desk/.latchkey/human";

describe("latchkey human", () => {
  let world: FakeWorld;
  const human = (...words: string[]) => world.run("human", ...words);
  const pem = (name: string) =>
    fromPem(
      name === "crl" ? "X509 CRL" : "CERTIFICATE",
      String(world.files.get(`${HOME}/${name}.pem`)),
    );

  async function good(...words: string[]): Promise<string> {
    const { exitCode, out, err } = await human(...words);
    assert.equal(exitCode, 0, err);
    return out;
  }

  beforeEach(() => {
    world = new FakeWorld();
    world.files.set("/desk/alice.txt", `${ALICE.toUpperCase()}\n`);
    world.files.set("/desk/bob.txt", BOB);
  });

  it("makes new words, shows them once and keeps them nowhere", async () => {
    const said = await good("new");
    const words = /(?:[a-z]+ ){23}[a-z]+/.exec(said)?.[0] ?? "";
    assert.equal(words.split(" ").length, 24, said);
    for (const [path, data] of world.files)
      if (path.startsWith(HOME)) assert.ok(!String(data).includes(words.slice(0, 40)), path);
    const again = await human("new");
    assert.equal(again.exitCode, 4);
    assert.match(again.err, /exists already/);
    world.files.set("/desk/own.txt", words);
    const moved = await good("recover", "--words", "own.txt", "--folder", "other");
    assert.equal(/[0-9a-f]{64}/.exec(moved)?.[0], /[0-9a-f]{64}/.exec(said)?.[0]);
  });

  it("delegates to devices and revokes one without the words", async () => {
    assert.ok((await good("recover", "--words", "alice.txt")).includes(ALICE_ID));
    await good("device", "add", "laptop", "--words", "alice.txt");
    await good("device", "add", "phone", "--words", "alice.txt");
    world.files.delete("/desk/alice.txt");
    assert.ok((await good("device", "revoke", "phone", "--lost")).includes("generation"));
    const root = parseRoot(crypto, pem("root"), ALICE_ID);
    const check = (name: string) =>
      checkDevice(crypto, {
        ...{ root, nowUnix: NOW, revoker: pem("revoker"), crl: pem("crl") },
        ...{ device: pem(`devices/${name}`), crlNumberMin: 2 },
      });
    check("laptop");
    throwsCode(() => check("phone"), "certificate-revoked");
    await good("device", "revoke", "phone");
    throwsCode(() => check("phone"), "certificate-revoked");
    await good("device", "revoke", "laptop");
    throwsCode(() => check("laptop"), "certificate-revoked");
  });

  it("keeps every key in a file that only its owner reads", async () => {
    await good("recover", "--words", "alice.txt");
    await good("device", "add", "laptop", "--words", "alice.txt");
    await good("credential", "request", "visit");
    const keys = [...world.files.keys()].filter((path) => path.endsWith(".key"));
    assert.equal(keys.length, 3);
    for (const path of keys) assert.ok(world.secretFiles.has(path), path);
  });

  it("takes no words of another root, and leaves no key of a device behind", async () => {
    await good("recover", "--words", "alice.txt");
    const { exitCode, err } = await human("device", "add", "laptop", "--words", "bob.txt");
    assert.equal(exitCode, 4);
    assert.match(err, /another root/);
    await good("device", "add", "laptop", "--words", "alice.txt");
  });

  it("names a wrong word by its position, and never prints a word", async () => {
    world.files.set("/desk/typo.txt", ALICE.replace("art", "artt"));
    const { exitCode, out, err } = await human("recover", "--words", "typo.txt", "--verbose");
    assert.equal(exitCode, 4);
    assert.match(err, /Word 24/);
    assert.ok(!/artt|abandon/.test(out + err));
  });

  /** Contoso issues, the holder of `visit` holds; gives what a presentation needs. */
  async function issued(): Promise<string[]> {
    const contoso = ["--folder", "contoso"];
    await good(
      "issuer",
      "new",
      ...contoso,
      "--id",
      "https://contoso.example",
      "--words",
      "bob.txt",
    );
    await good("credential", "request", "visit");
    await good(
      ...["credential", "issue", ...contoso, "--request", `${HOME}/holders/visit.json`],
      ...["--type", "employment", "--persona", "work", "--out", "work.sdjwt"],
      ...["--claim", "employer=Contoso", "--claim", "role=engineer"],
    );
    return ["--audience", "door.example", "--nonce", "n1"];
  }

  it("issues, presents and verifies a credential between two terminals", async () => {
    const request = await issued();
    const credential = ["--credential", "work.sdjwt", "--out", "p.txt"];
    await good("present", "visit", ...credential, ...request, "--show", "role");
    const trust = ["--type", "employment", "--anchor", "contoso/anchor.json"];
    const said = await good("verify", "p.txt", ...trust, ...request);
    assert.match(said, /engineer/);
    assert.ok(!said.includes("employer"));
    for (const [wrong, code] of [
      [["--audience", "door.example", "--nonce", "n2"], "key-binding-nonce"],
      [["--audience", "shop.example", "--nonce", "n1"], "key-binding-audience"],
    ] as const) {
      const { exitCode } = await human("verify", "p.txt", ...trust, ...wrong, "--json");
      assert.equal(exitCode, 1);
      assert.ok(world.out.includes(code), world.out);
    }
    const age = ["--type", "age", "--anchor", "contoso/anchor.json"];
    await human("verify", "p.txt", ...age, ...request, "--json");
    assert.ok(world.out.includes("credential-type-unexpected"));
  });

  it("says what is missing or mistyped", async () => {
    const request = await issued();
    for (const [words, expected] of [
      [[], /one of new, recover/],
      [["device", "ad"], /device add/],
      [["recover"], /--words is needed/],
      [["device", "add", "My Phone", "--words", "alice.txt"], /a name of a-z/],
      [["present"], /name of the request's key/],
      [["verify", "p.txt", ...request], /--anchor is needed/],
      [["credential", "issue", "--request", "x.json"], /no x.json|is no .*x.json/],
      [["credential", "request"], /needs a name/],
    ] as const) {
      const { exitCode, err } = await human(...words);
      assert.notEqual(exitCode, 0, words.join(" "));
      assert.match(err, expected);
    }
  });
});
