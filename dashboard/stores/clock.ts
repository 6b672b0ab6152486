// The time, to the second, for what counts down and for what has an age; and what is asked for again and again.

import { signal } from '@preact/signals';

/** As `Date.now()` gives it; changes once a second. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 1_000);

/** Does something every so often while somebody looks at the page, and when they look again. Ends by what it answers. */
export function whileVisible(everyMillis: number, act: () => void): () => void {
  let doneAt = Date.now();
  const look = () => {
    if (document.visibilityState !== 'visible' || Date.now() - doneAt < everyMillis) return;
    doneAt = Date.now();
    act();
  };
  const timer = setInterval(look, Math.min(everyMillis, 1_000));
  document.addEventListener('visibilitychange', look);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', look);
  };
}

/** Within this time all changes are shown at once. */
const FRAME_MILLIS = 50;

/** Has something done soon, and once, however often it is asked for. */
export function soon(act: () => void, millis = FRAME_MILLIS): () => void {
  let isComing = false;
  return () => {
    if (isComing) return;
    isComing = true;
    setTimeout(() => {
      isComing = false;
      act();
    }, millis);
  };
}
