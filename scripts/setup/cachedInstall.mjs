// Puts something into the cache folder whole or not at all, once for all clones.

import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withLock } from './folderLock.mjs';

/**
 * Makes `folder` by `install(unfinished)` unless `isComplete()`. Installs beside it and renames, so that an interrupted
 * install is never taken for a complete one. `install` may return why it can't, which is returned; nothing is left then.
 */
export async function installOnce(folder, what, isComplete, install) {
  if (await isComplete()) return undefined;
  return withLock(`${folder}.lock`, `it installs ${what}`, async () => {
    if (await isComplete()) return undefined;
    await removeLeftovers(folder);
    const unfinished = unfinishedOf(folder) + process.pid;
    await mkdir(unfinished, { recursive: true });
    try {
      const problem = await install(unfinished);
      if (problem) return problem;
      await rm(folder, { recursive: true, force: true });
      await rename(unfinished, folder);
      return undefined;
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  });
}

function unfinishedOf(folder) {
  return `${folder}.unfinished-`;
}

/** Of installs that were killed. We hold the lock: nobody works in them. */
async function removeLeftovers(folder) {
  const parent = dirname(folder);
  for (const name of await readdir(parent)) {
    if (name.startsWith(unfinishedOf(basename(folder)))) await rm(join(parent, name), { recursive: true, force: true });
  }
}
