// A stream of the official client as an async iterable.

import type { IStreamResult } from '@microsoft/signalr';

/** The items; leaving the loop ends the stream at the server. */
export async function* streamedItems<T>(stream: IStreamResult<T>): AsyncGenerator<T> {
  const items: T[] = [];
  let end: { error?: unknown } | undefined;
  let wake = () => {};
  const subscription = stream.subscribe({
    next(item) {
      items.push(item);
      wake();
    },
    error(error: unknown) {
      end = { error };
      wake();
    },
    complete() {
      end = {};
      wake();
    },
  });
  try {
    for (;;) {
      yield* items.splice(0);
      if (items.length > 0) continue;
      if (end !== undefined) {
        if (end.error !== undefined) throw end.error;
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    subscription.dispose();
  }
}
