// Serves a double of a voice provider that answers by itself, to try `/v1/realtime` without an account:
//
//     node scripts/voice-double.mjs [openai|elevenlabs|elevenlabs-realtime|gemini|ultravox] [port]

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { entry } from './setup/entry.mjs';
import { PROJECT } from './setup/places.mjs';

await entry((args) => {
  const child = spawn(process.execPath, [join(PROJECT, 'tests/harness/realtime/serve.ts'), ...args], {
    cwd: PROJECT,
    stdio: 'inherit',
  });
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((done) => child.on('close', (code) => done(code ?? 1)));
});
