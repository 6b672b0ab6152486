// node_modules as package-lock.json says.

import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustStep } from './command.mjs';
import { withLock } from './folderLock.mjs';
import { NODE_MODULES, PROJECT } from './places.mjs';

/** Holds the hash of what was installed; written last, so that an interrupted install is done again. */
const STAMP = join(NODE_MODULES, '.installed');

export async function ensureNodeModules() {
  const wanted = await lockHash();
  if ((await installedHash()) === wanted) return;
  await withLock(join(PROJECT, 'node_modules.lock'), 'it installs npm packages', async () => {
    if ((await installedHash()) === wanted) return;
    await rm(STAMP, { force: true });
    // The packages that want a newer Node.js than the one at hand run with the one among them: no warnings.
    const args = ['ci', '--include=dev', '--include=optional', '--loglevel=error', '--no-audit', '--no-fund'];
    await mustStep('installing npm packages', 'npm', args, { cwd: PROJECT });
    await writeFile(STAMP, wanted);
  });
}

async function lockHash() {
  const hash = createHash('sha256');
  for (const name of ['package.json', 'package-lock.json']) hash.update(await readFile(join(PROJECT, name)));
  // Another platform needs other binaries (a clone shared with a container or another machine).
  return hash.update(`${process.platform}-${process.arch}`).digest('hex');
}

async function installedHash() {
  return readFile(STAMP, 'utf8').catch(() => '');
}
