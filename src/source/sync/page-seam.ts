// Pages are given as the keys of their rows, in the list's order. What follows holds for a list whose rows keep their
// order; rows may be inserted and deleted anywhere while it is read, and page keys may stand for places in the list or
// for rows.

/**
 * Whether a page begins where the one before it ended, or before that. A row that is inserted among those that were read
 * moves the last of them on to the next page, which then begins with them: nothing can lie between.
 */
export function overlaps(page: readonly string[], next: readonly string[]): boolean {
  const first = next[0];
  const from = first === undefined ? -1 : page.lastIndexOf(first);
  return from !== -1 && page.slice(from).every((key, index) => key === next[index]);
}

/** Whether two looks at a page have seen the same rows. */
export function isSame(page: readonly string[], again: readonly string[]): boolean {
  return page.length === again.length && page.every((key, index) => key === again[index]);
}

/**
 * Whether rows have only gone from a page since it was read, and others have moved up to its end in their place. False
 * if there are new ones among or before the old, or none of the old: then rows have moved the other way too, or so far
 * that nothing connects the two looks.
 */
export function hasOnlyMovedUp(page: readonly string[], again: readonly string[]): boolean {
  const places = new Map(page.map((key, index) => [key, index]));
  let last = -1;
  let hasNew = false;
  for (const key of again) {
    const place = places.get(key);
    if (place === undefined) hasNew = true;
    else if (hasNew || place < last) return false;
    else last = place;
  }
  return last !== -1 || page.length === 0;
}

/** Whether two looks at what should be one page have seen no row both times. */
export function sharesNone(page: readonly string[], again: readonly string[]): boolean {
  const keys = new Set(page);
  return !again.some((key) => keys.has(key));
}

/**
 * Whether a list has kept all rows of an earlier reading, in their order, whatever else it has got. Then no row was
 * deleted after the earlier reading had passed it, and nothing can have moved out of that reading's sight.
 */
export function hasOnlyGained(before: ReadonlySet<string>, now: ReadonlySet<string>): boolean {
  const rest = before.values();
  let wanted = rest.next();
  for (const key of now) if (wanted.done !== true && wanted.value === key) wanted = rest.next();
  return wanted.done === true;
}
