import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BODY_BYTES_MAX,
  HEAD_BYTES_MAX,
  HttpResponseReader,
} from "../../firmware/platform/moddable/http-response.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";

function read(text: string, pieceBytes = 1_000_000) {
  const reader = new HttpResponseReader();
  const bytes = toUtf8(text);
  for (let at = 0; at < bytes.length; at += pieceBytes)
    reader.push(bytes.slice(at, at + pieceBytes));
  return reader;
}

const lines = (...text: string[]): string => text.join("\r\n");
const failed = { code: "network-failed" };

describe("an HTTP answer", () => {
  it("with a length is whole after as many bytes, whatever the pieces", () => {
    const text = lines(
      "HTTP/1.1 200 OK",
      "Content-Type: text/plain",
      "content-length: 5",
      "",
      "grünX",
    );
    for (const piece of [1, 2, 3, 7, 1000]) {
      assert.deepEqual(read(text, piece).response, {
        status: 200,
        headers: { "content-type": "text/plain", "content-length": "5" },
        body: "grün",
      });
    }
  });

  it("in chunks is put together, with extensions and trailers", () => {
    const head = ["HTTP/1.1 403 Forbidden", "transfer-encoding: Chunked", ""];
    const text = lines(...head, "3;a=b", "abc", "0A", "0123456789", "0", "x-later: 1", "", "");
    assert.equal(read(text, 4).response?.body, "abc0123456789");
    assert.equal(read(text).response?.status, 403);
  });

  it("without a length ends with the connection, and only then", () => {
    const reader = read(lines("HTTP/1.0 200 OK", "", "half"));
    const before = reader.response;
    reader.end();
    assert.deepEqual([before, reader.response?.body], [undefined, "half"]);
  });

  it("may have no reason, no body, or an interim answer before it", () => {
    assert.equal(read(lines("HTTP/1.1 200", "content-length: 0", "", "")).response?.status, 200);
    assert.equal(read(lines("HTTP/1.1 204 No Content", "", "")).response?.body, "");
    const text = lines("HTTP/1.1 100 Continue", "", "HTTP/1.1 401 No", "content-length: 0", "", "");
    assert.equal(read(text).response?.status, 401);
  });

  for (const [what, text] of [
    ["is not HTTP", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["has a bare line feed", "HTTP/1.1 200 OK\ncontent-length: 0\n\n"],
    ["has a folded header", lines("HTTP/1.1 200 OK", "a: b", " c", "")],
    ["has a space before the colon", lines("HTTP/1.1 200 OK", "content-length : 5", "")],
    ["has two lengths", lines("HTTP/1.1 200 OK", "content-length: 5", "Content-Length: 6", "")],
    [
      "has a length and chunks",
      lines("HTTP/1.1 200 OK", "content-length: 5", "transfer-encoding: chunked", "", ""),
    ],
    ["has an unknown coding", lines("HTTP/1.1 200 OK", "transfer-encoding: gzip", "", "")],
    ["has a length that is none", lines("HTTP/1.1 200 OK", "content-length: -1", "", "")],
    [
      "has a chunk that is longer than it says",
      lines("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "1", "ab", ""),
    ],
    [
      "announces more than there is room for",
      lines("HTTP/1.1 200 OK", `content-length: ${BODY_BYTES_MAX + 1}`, "", ""),
    ],
    ["has a head without an end", `HTTP/1.1 200 OK\r\na: ${"x".repeat(HEAD_BYTES_MAX)}`],
    ["never ends", lines("HTTP/1.1 200 OK", "", "x".repeat(BODY_BYTES_MAX + 1))],
    [
      "has a chunk without an end",
      lines(
        "HTTP/1.1 200 OK",
        "transfer-encoding: chunked",
        "",
        "fffff",
        "x".repeat(BODY_BYTES_MAX + 1),
      ),
    ],
  ] as const) {
    it(`is refused when it ${what}`, () => {
      assert.throws(() => read(text), failed);
    });
  }

  it("is refused when the connection ends in the middle", () => {
    const reader = read(lines("HTTP/1.1 200 OK", "content-length: 5", "", "abc"));
    assert.throws(() => reader.end(), failed);
  });

  it("made of anything ends in an answer or in network-failed", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "HTTP/1.1 200 OK\r\n",
        "\r\n",
        "content-length: 3\r\n",
        "0\r\n",
        "5\r\nhello",
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          const reader = read(pieces.join(""), 5);
          reader.end();
          return reader.response !== undefined;
        } catch (error) {
          return isLatchkeyError(error, "network-failed") || isLatchkeyError(error, "malformed");
        }
      }),
    );
  });
});
