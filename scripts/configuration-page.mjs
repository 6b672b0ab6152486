// Writes `docs/configuration.md` from the table of variables in `crates/contract/src/configuration`.
//
//     node scripts/configuration-page.mjs            writes it
//     node scripts/configuration-page.mjs --check    says whether it is up to date

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ask, StepFailed } from './setup/command.mjs';
import { entry } from './setup/entry.mjs';
import { PROJECT } from './setup/places.mjs';

const PAGE = 'docs/configuration.md';

const GENERATOR = ['run', '--quiet', '--package', 'contract', '--example', 'configuration'];

await entry(async (args) => {
  const check = args.includes('--check') ? ['--', '--check', PAGE] : [];
  const { code, stdout, stderr } = await ask('cargo', [...GENERATOR, ...check], { cwd: PROJECT });
  if (code !== 0) throw new StepFailed(stderr.trimEnd());
  if (check.length === 0) await writeFile(join(PROJECT, PAGE), stdout);
});
