// Tells Conduit Edge how a task of a virtual key goes, with `npm install cloudevents`:
//
//     CONDUIT_URL=http://127.0.0.1:8787 CONDUIT_TOKEN=condtsvc_… node send.mjs VIRTUAL_KEY_ID

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CloudEvent, HTTP } from 'cloudevents';

const { CONDUIT_URL, CONDUIT_TOKEN } = process.env;
const virtualkeyid = process.argv[2];

/** Sends an event until it is taken. It keeps its id, so that it counts once however often it is sent. */
async function send(event, toMessage) {
  const { headers, body } = toMessage(event);
  for (let attempt = 1; ; attempt++) {
    const request = { method: 'POST', headers: { ...headers, authorization: `Bearer ${CONDUIT_TOKEN}` }, body };
    const response = await fetch(`${CONDUIT_URL}/v1/events`, request).catch(() => undefined);
    const isTemporary = response === undefined || response.status === 429 || response.status >= 500;
    if (!isTemporary || attempt === 5) {
      if (response === undefined) throw new Error('it does not answer');
      const answer = await response.json();
      if (!response.ok) throw new Error(`${response.status}: ${JSON.stringify(answer)}`);
      return answer.results[0];
    }
    await pause(1_000 * (Number(response?.headers.get('retry-after')) || 2 ** attempt));
  }
}

const taskId = randomUUID();
const happened = (type, data) => new CloudEvent({ source: '/examples/javascript', type, virtualkeyid, data });

// Structured mode: the body is the event. Binary mode: the body is its data, the rest are headers.
const events = [
  [happened('TaskStarted', { taskId, taskType: 'example' }), HTTP.structured],
  [happened('TaskProgress', { taskId, percentComplete: 50, message: 'halfway' }), HTTP.binary],
  [happened('TaskCompleted', { taskId, result: { answer: 42 } }), HTTP.binary],
];
for (const [event, toMessage] of events) console.log(JSON.stringify(await send(event, toMessage)));
