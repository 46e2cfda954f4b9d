/**
 * The promise's outcome, or the signal's reason if that comes first. What the promise stands for goes on: use it
 * where several callers wait for one thing and only one of them gives up.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const abort = Promise.withResolvers<never>();
  const onAbort = () => {
    abort.reject(signal.reason as Error);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, abort.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
