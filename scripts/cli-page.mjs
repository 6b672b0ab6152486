// Writes `docs/cli.md` from the help texts of the command line in `tools/conduit`.
//
//     node scripts/cli-page.mjs [--check]     with --check only says whether it is out of date, and fails if it is

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CannotGoOn } from './setup/cannotGoOn.mjs';
import { ask } from './setup/command.mjs';
import { entry } from './setup/entry.mjs';
import { PROJECT } from './setup/places.mjs';

const PAGE = join(PROJECT, 'docs', 'cli.md');

await entry(async (args) => {
  const isCheck = args.includes('--check');
  if (args.length > (isCheck ? 1 : 0)) throw new CannotGoOn('usage: node scripts/cli-page.mjs [--check]');
  // What the reader's environment says would stand in the help.
  const { CONDUIT_URL: _, ...env } = process.env;
  const made = await ask('cargo', ['run', '--quiet', '-p', 'conduit-cli', '--', 'reference'], { cwd: PROJECT, env });
  if (made.code !== 0) throw new CannotGoOn(`The page cannot be made:\n${made.stderr}`);
  if (!isCheck) {
    await writeFile(PAGE, made.stdout);
    return 0;
  }
  if ((await readFile(PAGE, 'utf8').catch(() => '')) === made.stdout) return 0;
  throw new CannotGoOn('docs/cli.md is out of date: run `node scripts/cli-page.mjs`, and commit what it writes.');
});
