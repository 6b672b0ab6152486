// The JavaScript client into `clients/js/dist`, and its files for pages into `public/js`:
//
//     node scripts/client.mjs [--browser]     with --browser only those

import { buildBrowserFiles, buildClientPackage } from './setup/clientBuild.mjs';
import { entry } from './setup/entry.mjs';

await entry(async (args) => {
  if (args.includes('--browser')) await buildBrowserFiles();
  else await buildClientPackage();
});
