// On what, with what and when it was measured.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, loadavg, platform, release } from 'node:os';

export function machine() {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    cores: processors.length,
    processor: processors[0]?.model ?? 'unknown',
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    workerd: versionOf('workerd'),
    miniflare: versionOf('miniflare'),
    /** What others did on this machine in the minute before. */
    loadAverageBefore: loadavg()[0] ?? Number.NaN,
  };
}

/** @param {string} name */
function versionOf(name) {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return /** @type {{ version: string }} */ (JSON.parse(readFileSync(path, 'utf8'))).version;
}
