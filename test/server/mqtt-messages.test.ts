import assert from "node:assert/strict";
import { checkBrokerOptions } from "../../server/mqtt/broker-options.ts";
import { readingTopic, stateTopic } from "../../server/mqtt/topics.ts";

describe("MQTT topics", () => {
  it("are of levels that no name can widen", () => {
    assert.equal(stateTopic("t", "n", "fridge.temperature"), "latchkey/t/n/fridge.temperature");
    assert.equal(readingTopic("t", "n"), "latchkey/t/n/reading");
    for (const name of ["", "#", "+", "a/b", "a/#", "$SYS", "a b", "A", "a\u0000", "..", "ü"])
      assert.throws(() => stateTopic("t", "n", name), { code: "malformed" }, name);
  });
});

describe("MQTT broker", () => {
  for (const url of ["mqtt://host", "mqtt://10.0.0.2:1883", "mqtts://host:8883/", "mqtt://[::1]:1"])
    it(`may be ${url}`, () => assert.equal(checkBrokerOptions({ url }).url, url));

  for (const url of [
    ...["host:1883", "http://host", "mqtt://", "mqtt://user@host", "mqtt://user:secret@host"],
    ...["mqtt://host/path", "mqtt://host?x=1", "ws://host", ""],
  ])
    it(`may not be "${url}"`, () => {
      assert.throws(
        () => checkBrokerOptions({ url }),
        (error: Error) => !error.message.includes("secret") && "code" in error,
      );
    });

  it("takes no password without a name", () => {
    const options = { url: "mqtt://host", password: "x" };
    assert.throws(() => checkBrokerOptions(options), { code: "config-invalid" });
  });
});
