const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where the next token starts, at or after `at`: between tokens, valid JSON has nothing below the first sign but blanks. */
export function skipBlank(buffer: Buffer, at: number): number {
  let next = at;
  while (buffer[next]! <= 0x20) next++;
  return next;
}

/** Where the string ends whose opening quote stands at `at`, exclusive. */
export function skipString(buffer: Buffer, at: number): number {
  let next = at + 1;
  for (let byte = buffer[next]; byte !== QUOTE; byte = buffer[next]) next += byte === BACKSLASH ? 2 : 1;
  return next + 1;
}

/**
 * Where the value ends that starts at `at`, exclusive. The bytes must be valid JSON, as those of an element are: nothing
 * is checked.
 */
export function skipValue(buffer: Buffer, at: number): number {
  const first = buffer[at];
  if (first === QUOTE) return skipString(buffer, at);
  let next = at;
  if (!isOpening(first)) {
    while (!endsScalar(buffer[next])) next++;
    return next;
  }
  let depth = 0;
  do {
    const byte = buffer[next];
    if (byte === QUOTE) {
      next = skipString(buffer, next);
      continue;
    }
    if (isOpening(byte)) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    next++;
  } while (depth > 0);
  return next;
}

function isOpening(byte: number | undefined): boolean {
  return byte === 0x5b || byte === 0x7b;
}

/** Whether a number or a literal has ended before this byte. */
function endsScalar(byte: number | undefined): boolean {
  return byte === undefined || byte <= 0x20 || byte === 0x2c || byte === 0x5d || byte === 0x7d;
}
