// A Python that has a package, installed once on a machine.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, type TestContext } from 'vitest';

const run = promisify(execFile);

const CACHE =
  process.env.CONDUIT_EDGE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'conduit-edge');

/**
 * Finds or installs, before the tests of a file, an interpreter with a package such as `signalrcore==1.0.2`. What it
 * answers gives its path; where there is none, it skips the test with the reason, and fails it where `CI` is set.
 */
export function pythonWith(packageName: string): (context: TestContext) => string {
  let found: { path: string } | { missing: string };
  beforeAll(async () => {
    const folder = join(CACHE, `python-${packageName.replace('==', '-')}`);
    const path = join(folder, 'bin', 'python');
    try {
      if (!existsSync(join(folder, 'complete'))) {
        await run('python3', ['-m', 'venv', '--clear', folder]);
        const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', packageName];
        await run(path, install, { timeout: 50_000 });
        await run(path, ['-c', `open(${JSON.stringify(join(folder, 'complete'))}, 'w')`]);
      }
      found = { path };
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      found = { missing: `no Python with ${packageName}: ${(error as Error).message.split('\n')[0]}` };
    }
  });
  return (context) => {
    if ('path' in found) return found.path;
    if (process.env.CI) throw new Error(found.missing);
    return context.skip(found.missing);
  };
}
