// Once a second, for countdowns; not while the page is hidden.

/** Calls until the signal says that it is over. */
export function everySecond(signal: AbortSignal, call: () => void): void {
  const timer = setInterval(() => {
    if (!document.hidden) call();
  }, 1_000);
  signal.addEventListener('abort', () => clearInterval(timer));
}
