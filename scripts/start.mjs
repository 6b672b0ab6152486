// `npm start`: from a fresh clone to a Worker that answers, and the keys to talk to it.
//
//     npm start [-- --demo]      PORT=8788 npm start

import { ensureDemoKey } from './local/demoKey.mjs';
import { ensureDevVars } from './local/devVars.mjs';
import { assemble } from './local/traffic/cast.mjs';
import { playTraffic } from './local/traffic/play.mjs';
import { checkPortIsFree, startWranglerDev } from './local/wranglerDev.mjs';
import { entry } from './setup/entry.mjs';
import { buildWorker } from './setup/workerBuild.mjs';

await entry(async (args) => {
  const port = Number(process.env.PORT || 8787);
  // Before the minutes that a first build takes.
  await checkPortIsFree(port);
  await buildWorker();
  const { MASTER_KEY: masterKey } = await ensureDevVars();

  const demo = args.includes('--demo');
  const cast = demo ? await assemble() : undefined;
  const worker = await startWranglerDev(port, { logRequests: !demo, vars: cast?.vars ?? {} });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
  stopWithParent(stop);
  stop.signal.addEventListener('abort', worker.end);

  try {
    const key = await ensureDemoKey(worker.address, masterKey);
    console.log(greeting(worker.address, key, masterKey));
    if (demo) {
      playTraffic({ address: worker.address, masterKey, key, cast, signal: stop.signal });
      console.log('  Made-up traffic is running: open the dashboard.\n');
    }
    const code = await worker.ended;
    return stop.signal.aborted ? 0 : code;
  } finally {
    stop.abort();
    cast?.dismiss();
    await worker.end();
  }
});

/** A signal that only npm gets ends npm and its shell, and neither tells us. */
function stopWithParent(stop) {
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid !== parent) stop.abort();
  }, 500);
  look.unref();
}

function greeting(address, virtualKey, masterKey) {
  const event = {
    specversion: '1.0',
    id: '1',
    source: '/by-hand',
    type: 'TaskStarted',
    virtualkeyid: virtualKey.id,
    data: { taskId: 'task-1', taskType: 'transcription' },
  };
  return `
  Conduit Edge   ${address}
  dashboard      ${address}/   (sign in with one of these keys)
  virtual key    ${virtualKey.key}   (demo, id ${virtualKey.id})
  master key     ${masterKey}

  Tell it about a task (once: the id makes a second one a duplicate):

curl -X POST ${address}/v1/events \\
  -H 'X-Master-Key: ${masterKey}' \\
  -H 'Content-Type: application/cloudevents+json' \\
  -d '${JSON.stringify(event)}'

  Ctrl-C ends it.
`;
}
