// A real Chromium, where there is one.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, type TestContext } from 'vitest';

/** Where systems have it; `CHROMIUM` names another place. */
const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * Starts a browser for the tests of a file, with these switches. What it answers gives it; where a machine has none, it skips the test with the
 * reason, and fails it where `CI` is set.
 */
export function browser(args: string[] = []): (context: TestContext) => Browser {
  let running: Browser | undefined;
  beforeAll(async () => {
    const executablePath = PLACES.find((place) => place !== undefined && existsSync(place));
    // It is started as root in containers, where its sandbox does not work.
    if (executablePath !== undefined)
      running = await chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
  });
  afterAll(() => running?.close());
  return (context) => {
    if (running !== undefined) return running;
    const missing = 'there is no Chromium: install one, or name it in CHROMIUM';
    if (process.env.CI) throw new Error(missing);
    return context.skip(missing);
  };
}
