/** What became of a field that could not leave as it came (protocol: `meta.changes`). */
export interface FieldChange {
  /** From the row, as `attributes.validUntil`. */
  field: string;
  change: "NULLED" | "TRUNCATED";
  reason: "SOURCE_SERIALIZATION_ERROR" | "SOURCE_RECORD_SIZE_LIMITATION";
}

/** New bytes for members of a row, by member index; members that are not in it leave as they came. */
export type Replacements = Map<number, Buffer>;

/** In the place of a member's new bytes: it does not leave. No JSON value is empty. */
export const LEFT_OUT = Buffer.alloc(0);
