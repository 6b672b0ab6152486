// `npm run build`, and wrangler's build command: the Worker into `build/`, or that of another crate into its `build/`:
//
//     node scripts/build.mjs [tests/worker]

import { entry } from './setup/entry.mjs';
import { buildWorker } from './setup/workerBuild.mjs';

await entry(async ([crate]) => {
  await buildWorker(crate);
});
