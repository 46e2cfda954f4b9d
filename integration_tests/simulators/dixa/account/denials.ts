/** Which paths the account may not read, or that are not there, as when a feature was not bought. */
export class Denials {
  readonly #statuses = new Map<string, number>();

  /**
   * From now on, or no more.
   *
   * @param path of the Dixa API, with `*` for any one part of it: all children of a list
   * @param status undefined: the path is answered again
   */
  set(path: string, status: 403 | 404 | undefined): void {
    if (status === undefined) this.#statuses.delete(path);
    else this.#statuses.set(path, status);
  }

  /** The status that the path is answered with; undefined if it may be read. */
  statusOf(path: string): number | undefined {
    const parts = path.split("/");
    for (const [pattern, status] of this.#statuses) {
      const wanted = pattern.split("/");
      if (wanted.length === parts.length && wanted.every((part, at) => part === "*" || part === parts[at]))
        return status;
    }
    return undefined;
  }
}
