// `npm run example:chat`: from a fresh clone to the chat of `examples/chat` in a browser.
//
//     npm run example:chat      PORT=9000 npm run example:chat

import { checkPortIsFree } from './local/wranglerDev.mjs';
import { CannotGoOn } from './setup/cannotGoOn.mjs';
import { say } from './setup/command.mjs';
import { entry } from './setup/entry.mjs';
import { PROJECT } from './setup/places.mjs';
import { buildWorker } from './setup/workerBuild.mjs';

const FOLDER = 'examples/chat';

await entry(async () => {
  const port = Number(process.env.PORT || 8788);
  // Before the minutes that a first build takes.
  await checkPortIsFree(port).catch((error) => {
    if (!(error instanceof CannotGoOn)) throw error;
    throw new CannotGoOn(`Port ${port} is taken: choose another with PORT=9000 npm run example:chat.`);
  });
  await buildWorker(FOLDER);

  // Npm packages are there only now.
  const { Miniflare } = await import('miniflare');
  const { miniflareOptions } = await import('../miniflare.config.js');
  const persist = `${PROJECT}/.wrangler/${FOLDER}`;
  say('starting the Worker …');
  const miniflare = new Miniflare(miniflareOptions({ worker: FOLDER, port, persist }));
  const url = (await miniflare.ready).toString();
  console.log(`
  Chat     ${url}

  Open it twice, under two names. Messages are kept in ${persist}.
  Ctrl-C ends it.
`);
  await stopped();
  await miniflare.dispose();
});

/** Waits for a signal, or for the end of npm: a signal that only npm gets ends it without telling us. */
function stopped() {
  const parent = process.ppid;
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve);
    const look = setInterval(() => {
      if (process.ppid !== parent) resolve();
    }, 500);
    look.unref();
  });
}
