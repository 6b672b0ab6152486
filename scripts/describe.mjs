// Writes what is derived from the declarations in `crates/contract`: `public/asyncapi.json`, `public/openapi.json`, the
// types of the JavaScript client and the reference pages in `docs/hubs/`.
//
//     node scripts/describe.mjs [--check]     with --check only says what is out of date, and fails if anything is

import { CannotGoOn } from './setup/cannotGoOn.mjs';
import { show } from './setup/command.mjs';
import { entry } from './setup/entry.mjs';
import { PROJECT } from './setup/places.mjs';

const DESCRIBE = ['run', '--quiet', '-p', 'contract', '--features', 'schema', '--example', 'describe', '--', PROJECT];

await entry(async (args) => {
  const isCheck = args.includes('--check');
  if (args.length > (isCheck ? 1 : 0)) throw new CannotGoOn('usage: node scripts/describe.mjs [--check]');
  const { code } = await show('cargo', [...DESCRIBE, ...args], { cwd: PROJECT });
  // What does not compile ends cargo with another code.
  if (isCheck && code === 1) throw new CannotGoOn('Run `node scripts/describe.mjs`, and commit what it writes.');
  return code;
});
