// The JavaScript client: its files for pages among the assets of the Worker, and its package for npm.

import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleClient, bundleComponents } from './clientBundle.mjs';
import { mustStep, say } from './command.mjs';
import { npmCommand, PROJECT } from './places.mjs';

const CLIENT = join(PROJECT, 'clients', 'js');

/** Below the Worker's assets, so that their addresses are `/js/…`. */
const BROWSER_FOLDER = join(PROJECT, 'public', 'js');

const BROWSER_FILES = { 'conduit-signalr-service.js': bundleClient, 'conduit-components.js': bundleComponents };

/** Puts the files for pages among what the Worker serves. */
export async function buildBrowserFiles() {
  await mkdir(BROWSER_FOLDER, { recursive: true });
  for (const [name, bundle] of Object.entries(BROWSER_FILES)) {
    const text = await bundle();
    await writeFile(join(BROWSER_FOLDER, name), text);
    const kilobytes = (bytes) => (bytes / 1000).toFixed(0);
    say(`${name}: ${kilobytes(text.length)} kB, ${kilobytes(gzipSync(text).length)} kB compressed`);
  }
}

/** Makes `clients/js/dist`, which `npm publish` in `clients/js` takes. */
export async function buildClientPackage() {
  const dist = join(CLIENT, 'dist');
  await rm(dist, { recursive: true, force: true });
  await mustStep("the client's package", npmCommand('tsc'), ['-p', CLIENT], { cwd: PROJECT });
  await buildBrowserFiles();
  for (const name of Object.keys(BROWSER_FILES)) await copyFile(join(BROWSER_FOLDER, name), join(dist, name));
}
