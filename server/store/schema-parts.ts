/** What the databases call differently. Texts are compared byte by byte, blanks included. */
export interface ColumnTypes {
  /** Text of up to 255 characters, for keys and indexes. */
  readonly key: string;
  readonly text: string;
  /** Up to 64 bytes, for keys. */
  readonly hash: string;
  readonly bytes: string;
  /** Of 64 bits. */
  readonly integer: string;
  /** Of 64 bits. */
  readonly real: string;
  /** Counts by itself. */
  readonly serial: string;
  /** The key of a table whose rows whoever adds them numbers; where nobody does, it counts. */
  readonly numbered: string;
  /** Behind the columns of a table. */
  readonly end: string;
  /** One file for one process, which gives out the next number of something by itself. */
  readonly isFile?: boolean;
}

/** Statements, in the words of that database. */
export type Step = (types: ColumnTypes) => readonly string[];

/** Of the table: MySQL reads past one that stands with its column. */
const REFERENCES = "FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)";

interface FileTable {
  /** Rows are long, or numbered: SQLite keeps them apart from their key. */
  readonly rowid?: boolean;
  /** What only a file's table has. */
  readonly also?: string;
}

/**
 * Placeholders stand for what the databases call differently; `{tenant}` for the column of the
 * tenant, which is one that there is.
 */
export function table(name: string, columns: string, { rowid, also }: FileTable = {}): Step {
  return (types) => {
    const { isFile, key, end } = types;
    const tenant = isFile
      ? `tenant_id ${key} NOT NULL REFERENCES tenants`
      : `tenant_id ${key} NOT NULL, ${REFERENCES}`;
    const named = `${columns}${isFile && also ? `, ${also}` : ""}`
      .replaceAll("{tenant}", tenant)
      .replace(/\{(\w+)\}/g, (_, type: "key" | "text") => types[type]);
    const behind = isFile && rowid ? "STRICT" : end;
    return [`CREATE TABLE ${name} (${named.replace(/\s+/g, " ").trim()}) ${behind}`.trim()];
  };
}

export const steps =
  (...parts: readonly Step[]): Step =>
  (types) =>
    parts.flatMap((part) => part(types));

/** The same in all of them. */
export const always =
  (...statements: readonly string[]): Step =>
  () =>
    statements;

/** In SQLite alone. */
export const inFile =
  (...statements: readonly string[]): Step =>
  ({ isFile }) =>
    isFile ? statements : [];

/** In databases on the network alone. */
export const onNetwork =
  (part: Step): Step =>
  (types) =>
    types.isFile ? [] : part(types);
