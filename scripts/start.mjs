// `npm start`: from a fresh clone to a Worker that answers, and the keys to talk to it.
//
//     npm start [-- --demo]      PORT=8788 npm start

import { ensureDemoKey } from './local/demoKey.mjs';
import { ensureDevVars } from './local/devVars.mjs';
import { playTraffic } from './local/madeUpTraffic.mjs';
import { checkPortIsFree, startWranglerDev } from './local/wranglerDev.mjs';
import { entry } from './setup/entry.mjs';
import { buildWorker } from './setup/workerBuild.mjs';

await entry(async (args) => {
  const port = Number(process.env.PORT || 8787);
  // Before the minutes that a first build takes.
  await checkPortIsFree(port);
  await buildWorker();
  const { MASTER_KEY: masterKey } = await ensureDevVars();

  const worker = await startWranglerDev(port);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
  stop.signal.addEventListener('abort', worker.end);

  try {
    const demo = await ensureDemoKey(worker.address, masterKey);
    console.log(greeting(worker.address, demo, masterKey));
    if (args.includes('--demo')) {
      playTraffic({ address: worker.address, masterKey, virtualKeyId: demo.id, signal: stop.signal });
      console.log('Made-up tasks are running.\n');
    }
    const code = await worker.ended;
    return stop.signal.aborted ? 0 : code;
  } finally {
    stop.abort();
    await worker.end();
  }
});

function greeting(address, demo, masterKey) {
  const event = {
    specversion: '1.0',
    id: '1',
    source: '/by-hand',
    type: 'TaskStarted',
    virtualkeyid: demo.id,
    data: { taskId: 'task-1', taskType: 'transcription' },
  };
  return `
  Conduit Edge   ${address}
  virtual key    ${demo.key}   (demo, id ${demo.id})
  master key     ${masterKey}

  Tell it about a task (once: the id makes a second one a duplicate):

curl -X POST ${address}/v1/events \\
  -H 'X-Master-Key: ${masterKey}' \\
  -H 'Content-Type: application/cloudevents+json' \\
  -d '${JSON.stringify(event)}'

  Ctrl-C ends it.
`;
}
