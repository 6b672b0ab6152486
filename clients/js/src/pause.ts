// Waiting that can be ended, and waiting that ends by itself.

/** Waits; ends at once, without an error, when the signal says so. */
export function pause(millis: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, millis);
    signal.addEventListener('abort', end);
  });
}

/** What a promise gives, or the error if that takes too long. 0 is no limit. */
export async function within<T>(promise: Promise<T>, millis: number, error: () => Error): Promise<T> {
  if (millis <= 0 || millis === Number.POSITIVE_INFINITY) return promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error()), millis);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}
