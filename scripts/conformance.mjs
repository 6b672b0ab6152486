// `npm run conformance [-- FILE]`: builds the test Worker and runs a file of conformance cases against it.
//
//     npm run conformance                              the project's own cases, of both files
//     npm run conformance -- cases.json --only=INV-01  another file, and of it some cases
//     PORT=5000 npm run conformance:serve              serves the Worker instead, until it is ended

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CONFORMANCE, TEST_WORKER } from './checks/checks.mjs';
import { CannotGoOn } from './setup/cannotGoOn.mjs';
import { entry } from './setup/entry.mjs';
import { PROJECT } from './setup/places.mjs';
import { buildWorker } from './setup/workerBuild.mjs';

await entry(async (args) => {
  const options = args.filter((arg) => arg.startsWith('--') && arg !== '--serve');
  // Before the minutes that a first build takes.
  const files = args.filter((arg) => !arg.startsWith('--')).map(pathOf);
  await buildWorker(TEST_WORKER);
  if (!args.includes('--serve')) return run([...CONFORMANCE, ...files, ...options]);
  const port = process.env.PORT || '5000';
  return run(['miniflare.config.js', '--port', port, '--worker', TEST_WORKER]);
});

/** npm runs scripts in the project's folder, and says in which one the reader is. */
function pathOf(file) {
  const paths = [process.env.INIT_CWD, process.cwd(), PROJECT].filter(Boolean).map((folder) => resolve(folder, file));
  const path = paths.find(existsSync);
  if (path === undefined) throw new CannotGoOn(`There is no file of cases ${paths[0]}.`);
  return path;
}

function run(args) {
  const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: 'inherit' });
  // Ctrl-C reaches the whole process group, so the child has it already.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((done) => child.on('close', (code) => done(code ?? 1)));
}
