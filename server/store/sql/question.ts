import type { Compilable, CompiledQuery } from "kysely";
import type { Sql } from "./sql-database.ts";

/** Stands for a value while a question is put together. */
class Slot {
  readonly at: number;

  constructor(at: number) {
    this.at = at;
  }
}

/**
 * A question that is put together once for each database and asked with other values each time: to
 * put one together takes as long as to ask it.
 * @param build gets the values' places where it expects them, and looks at none of them
 */
export function question<Values extends readonly unknown[], Row>(
  build: (db: Sql, ...values: Values) => Compilable<Row>,
): (db: Sql, ...values: Values) => Promise<readonly Row[]> {
  const known = new WeakMap<object, CompiledQuery<Row>>();
  return async (db, ...values) => {
    // Of a transaction it is that of its database.
    const { adapter } = db.getExecutor();
    let compiled = known.get(adapter);
    if (compiled === undefined) {
      compiled = build(db, ...(values.map((_, at) => new Slot(at)) as never)).compile();
      known.set(adapter, compiled);
    }
    const parameters = compiled.parameters.map((each) =>
      each instanceof Slot ? values[each.at] : each,
    );
    return (await db.executeQuery<Row>({ ...compiled, parameters })).rows;
  };
}
