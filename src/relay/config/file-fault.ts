const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not do that",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  EROFS: "the file system is read-only",
};

/** The code of a failed operation on a file. Not by `instanceof`: jest runs each test file in a realm of its own. */
export function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unknown";
}

/** Why an operation on a file failed, in words that can follow "can't be read: ". */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return REASONS[code] ?? code;
}
