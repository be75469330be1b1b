import type { JsonObject } from "../../protocol/json/reader.ts";

/** Asks a server what its management endpoints answer, here or elsewhere, about one tenant. */
export interface Manager {
  readonly tenantId: string;
  /** @param body without `tenant_id` @throws what the endpoint refuses with */
  ask(path: string, body?: JsonObject): Promise<JsonObject>;
  close(): Promise<void>;
}

/** The items of all pages, in their order; `field` is where an answer has them. */
export async function* pagesOf(
  { ask }: Manager,
  path: string,
  field: string,
  body: JsonObject = {},
): AsyncGenerator<JsonObject> {
  let after = body["after"];
  do {
    const answer = await ask(path, { ...body, ...(after !== undefined && { after }) });
    yield* answer[field] as readonly JsonObject[];
    after = answer["after"];
  } while (after !== undefined);
}
