// Waiting for something that must happen. Nothing here proves anything by its duration: the deadline only turns a
// test that would hang into one that says what it waited for.

const DEADLINE_SECONDS = 15;

/** The promise, or an error that names what did not happen. */
export async function within<T>(promise: Promise<T>, what: string | (() => string)): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`waited ${DEADLINE_SECONDS} s for ${typeof what === 'string' ? what : what()}`));
    }, DEADLINE_SECONDS * 1000);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until the answer is what is waited for: for state that nobody announces. */
export async function eventually<T>(what: string, ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  let last: T | undefined;
  let given = false;
  const asking = async () => {
    for (;;) {
      last = await ask();
      if (isIt(last) || given) return last;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  try {
    return await within(asking(), () => `${what}; the last answer was ${JSON.stringify(last)}`);
  } finally {
    given = true;
  }
}
