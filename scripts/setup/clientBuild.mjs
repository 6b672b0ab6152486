// The JavaScript client: its one file for pages among the assets of the Worker, and its package for npm.

import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleClient } from './clientBundle.mjs';
import { mustStep, say } from './command.mjs';
import { npmCommand, PROJECT } from './places.mjs';

const CLIENT = join(PROJECT, 'clients', 'js');
const FILE_NAME = 'conduit-signalr-service.js';

/** Below the Worker's assets, so that its address is `/js/conduit-signalr-service.js`. */
const BROWSER_FILE = join(PROJECT, 'public', 'js', FILE_NAME);

/** Puts the one file among what the Worker serves. */
export async function buildBrowserFile() {
  const text = await bundleClient();
  await mkdir(dirname(BROWSER_FILE), { recursive: true });
  await writeFile(BROWSER_FILE, text);
  const kilobytes = (bytes) => (bytes / 1000).toFixed(0);
  say(`the client for pages: ${kilobytes(text.length)} kB, ${kilobytes(gzipSync(text).length)} kB compressed`);
}

/** Makes `clients/js/dist`, which `npm publish` in `clients/js` takes. */
export async function buildClientPackage() {
  const dist = join(CLIENT, 'dist');
  await rm(dist, { recursive: true, force: true });
  await mustStep("the client's package", npmCommand('tsc'), ['-p', CLIENT], { cwd: PROJECT });
  await buildBrowserFile();
  await copyFile(BROWSER_FILE, join(dist, FILE_NAME));
}
