/** A key, decoded from its bytes, quotes included. */
export function nameAt(buffer: Buffer, start: number, end: number): string {
  return JSON.parse(buffer.toString("utf8", start, end)) as string;
}

/**
 * Where a value stands in its row, as `attributes.validUntil`.
 *
 * @param keys where the keys that lead to it stand in the buffer: start and end of each
 */
export function pathText(buffer: Buffer, keys: readonly number[]): string {
  const names: string[] = [];
  for (let key = 0; key < keys.length; key += 2) {
    names.push(nameAt(buffer, keys[key] ?? 0, keys[key + 1] ?? 0));
  }
  return names.join(".").toWellFormed();
}
