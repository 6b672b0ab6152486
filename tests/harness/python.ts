// An interpreter of Python with a package, kept between runs.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const CACHE =
  process.env.CONDUIT_EDGE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'conduit-edge');

/** The interpreter that has a package (`name==version`), or why there is none. */
export async function pythonWith(requirement: string): Promise<{ path: string } | { missing: string }> {
  const folder = join(CACHE, `python-${requirement.replace('==', '-')}`);
  const path = join(folder, 'bin', 'python');
  try {
    if (!existsSync(join(folder, 'complete'))) {
      await run('python3', ['-m', 'venv', '--clear', folder]);
      const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement];
      await run(path, install, { timeout: 50_000 });
      await run(path, ['-c', `open(${JSON.stringify(join(folder, 'complete'))}, 'w')`]);
    }
    return { path };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    return { missing: `no Python with ${requirement}: ${(error as Error).message.split('\n')[0]}` };
  }
}
