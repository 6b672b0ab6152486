// One process at a time: two clones that install the same tool, two terminals that build the same clone.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { say } from './command.mjs';

const LOOK_AGAIN_MILLIS = 500;

/**
 * Runs `work` while holding the lock `path` (a folder that it makes; `mkdir` is atomic on every file system).
 *
 * A holder that was killed leaves its folder behind: it is taken over when its process is gone. What this guards is
 * renamed into place when complete, so two that take over in the same instant waste work and break nothing.
 */
export async function withLock(path, waitingFor, work) {
  await mkdir(dirname(path), { recursive: true });
  let told = false;
  while (!(await take(path))) {
    if (await holderIsGone(path)) {
      const aside = `${path}.${process.pid}`;
      await rename(path, aside).catch(() => {});
      await rm(aside, { recursive: true, force: true });
      continue;
    }
    if (!told) say(`waiting for another process: ${waitingFor}`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MILLIS));
  }
  try {
    return await work();
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

async function take(path) {
  try {
    await mkdir(path);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  await writeFile(join(path, 'pid'), String(process.pid));
  return true;
}

async function holderIsGone(path) {
  const read = () => readFile(join(path, 'pid'), 'utf8').catch(() => '');
  let pid = Number(await read());
  if (!pid) {
    // Taken this very moment, or by a process that died before it wrote its number.
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MILLIS));
    pid = Number(await read());
    if (!pid) return true;
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
