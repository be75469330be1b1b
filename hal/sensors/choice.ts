import { LatchkeyError } from "../../protocol/errors.ts";

/** A choice of a driver's `configure`. @throws config-invalid with the field's name */
export function oneOf<T>(field: string, value: T, choices: readonly T[]): number {
  const at = choices.indexOf(value);
  if (at >= 0) return at;
  throw new LatchkeyError("config-invalid", {
    message: `${field} is ${String(value)}; it can be ${choices.join(", ")}`,
    detail: { field },
  });
}
