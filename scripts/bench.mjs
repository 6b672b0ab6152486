// `npm run bench [-- options]`: builds the Worker and runs `bench/run.mjs`, or with `--voice` `bench/voice.mjs`.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { entry } from './setup/entry.mjs';
import { PROJECT } from './setup/places.mjs';
import { buildWorker } from './setup/workerBuild.mjs';

await entry(async (args) => {
  await buildWorker();
  const program = join(PROJECT, 'bench', args.includes('--voice') ? 'voice.mjs' : 'run.mjs');
  const child = spawn(process.execPath, [program, ...args], { cwd: PROJECT, stdio: 'inherit' });
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
});
