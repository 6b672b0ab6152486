// `npm run build`, and wrangler's build command: the Worker into `build/`, with the client for pages and the dashboard
// among its assets, or the Worker of another crate into its `build/`:
//
//     node scripts/build.mjs [tests/worker]

import { buildBrowserFiles } from './setup/clientBuild.mjs';
import { buildDashboard } from './setup/dashboardBuild.mjs';
import { entry } from './setup/entry.mjs';
import { buildWorker } from './setup/workerBuild.mjs';

await entry(async ([crate]) => {
  await buildWorker(crate);
  if (crate !== undefined) return;
  await buildBrowserFiles();
  await buildDashboard();
});
