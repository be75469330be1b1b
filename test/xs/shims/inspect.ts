/** A short, stable text of any value, for messages of failed assertions. */
export function inspect(value: unknown, depth = 0): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function ${value.name}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return `[${value.name}: ${value.message}]`;
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name}(${bytes.length}) <${clip(hex(bytes), 256)}>`;
  }
  if (depth > 4) return Array.isArray(value) ? "[…]" : "{…}";
  return clip(inspectObject(value, depth), 2000);
}

function inspectObject(value: object, depth: number): string {
  if (Array.isArray(value)) return `[${value.map((item) => inspect(item, depth + 1)).join(", ")}]`;
  if (value instanceof Map || value instanceof Set) {
    return `${value.constructor.name}(${inspect([...value], depth + 1)})`;
  }
  const fields = Object.entries(value).map(([key, item]) => `${key}: ${inspect(item, depth + 1)}`);
  return `{ ${fields.join(", ")} }`;
}

const clip = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit)}…`;

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
