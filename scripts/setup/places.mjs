// Where things are: the clone, and the folder that all clones of one user share.

import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export const NODE_MODULES = join(PROJECT, 'node_modules');

/**
 * Compiled tools and toolchains, each in a folder named by tool and version, so that a second clone starts fast and
 * two clones that want different versions don't fight.
 */
export const CACHE =
  process.env.CONDUIT_EDGE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'conduit-edge');

/** The command of an npm package. */
export function npmCommand(name) {
  return join(NODE_MODULES, '.bin', name);
}
