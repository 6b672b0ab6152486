// `npm run format`: writes all sources the way `npm run lint` wants them.

import { mustStep } from './setup/command.mjs';
import { entry } from './setup/entry.mjs';
import { npmCommand, PROJECT } from './setup/places.mjs';

await entry(async () => {
  await mustStep('cargo fmt', 'cargo', ['fmt', '--all'], { cwd: PROJECT });
  await mustStep('biome', npmCommand('biome'), ['check', '--write'], { cwd: PROJECT });
});
