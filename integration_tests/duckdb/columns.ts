import { z } from "zod";

/** One column of a table. */
export interface Column {
  name: string;
  /** DuckDB's type. */
  type: string;
}

const property = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
});

const TYPES: Readonly<Record<string, string>> = {
  integer: "BIGINT",
  number: "DOUBLE",
  boolean: "BOOLEAN",
  string: "VARCHAR",
};

/** The columns for a stream's schema; what has no plain type is kept as JSON. */
export function columnsOf(schema: Record<string, unknown>): Column[] {
  const properties = z.record(z.string(), property).parse(schema["properties"]);
  return Object.entries(properties).map(([name, { type, format }]) => {
    const types = [type ?? []].flat().filter((name) => name !== "null");
    if (types.length !== 1) return { name, type: "JSON" };
    if (format === "date-time") return { name, type: "TIMESTAMPTZ" };
    return { name, type: TYPES[types[0] ?? ""] ?? "JSON" };
  });
}

/** A name as it stands in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as it stands in SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
