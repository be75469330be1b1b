import assert from "node:assert/strict";
import { throwsCode } from "./error-code.ts";
import { FORGERIES } from "./human-forgeries.ts";
import { attempt, digest, rawDisclosure, verify, verifyUnbound } from "./human-issuer.ts";

describe("a presentation with", () => {
  for (const { name, code, presentation } of FORGERIES)
    it(`${name} is refused: ${code}`, () => {
      throwsCode(() => verify(presentation), code);
    });

  it("nothing of the kind is accepted", () => {
    const name = rawDisclosure(["salt1", "name", "Alice"]);
    const { claims } = verify(attempt({ claims: { _sd: [digest(name)] }, disclosures: [name] }));
    assert.equal(claims["name"], "Alice");
    assert.ok(!JSON.stringify(claims).includes("_sd"));
  });

  it("each of these names is one of at least 40 different cases", () => {
    assert.equal(new Set(FORGERIES.map(({ name }) => name)).size, FORGERIES.length);
    assert.equal(FORGERIES.length, 83);
  });
});

describe("a credential without a holder's signature", () => {
  it("is accepted where none is asked for, and one with it is not", () => {
    verifyUnbound(attempt({ lastPart: "" }));
    verifyUnbound(attempt({ claims: { cnf: undefined }, lastPart: "" }));
    throwsCode(() => verifyUnbound(attempt()), "key-binding-unexpected");
  });
});
