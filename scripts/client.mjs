// The JavaScript client into `clients/js/dist`, and its one file for pages into `public/js`:
//
//     node scripts/client.mjs [--browser]     with --browser only that file

import { buildBrowserFile, buildClientPackage } from './setup/clientBuild.mjs';
import { entry } from './setup/entry.mjs';

await entry(async (args) => {
  if (args.includes('--browser')) await buildBrowserFile();
  else await buildClientPackage();
});
