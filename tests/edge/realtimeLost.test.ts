// A voice session whose Worker panics, or is lost, frees its place at once, and is kept as lost.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { miniflareOptions } from '../../miniflare.config.js';
import { cutLeases } from '../harness/cutLeases.ts';
import { eventually } from '../harness/deadline.ts';
import { FrontDoor, type Key } from '../harness/edge.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';
import { OpenAiProvider } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { countedSessions, VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

/** What the client says that makes its Worker panic: a timer that cannot be set is a panic in Rust. */
const PANIC = 'and now panic';

const PANICS = `
  let isTold = false;
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    isTold ||= typeof data === 'string' && data.includes('${PANIC}');
    return send.call(this, data);
  };
  const { setTimeout: setTimer } = globalThis;
  globalThis.setTimeout = (...rest) => {
    if (!isTold) return setTimer(...rest);
    isTold = false;
    throw new Error('no timer');
  };
`;

const provider = running(new OpenAiProvider());
const front = new FrontDoor('');
const cutting = cutLeases(provider.vars);
let miniflare: Miniflare | undefined;

beforeAll(async () => {
  const options = miniflareOptions({ vars: provider.vars });
  const [{ config }] = options.workers as unknown as [{ config: { manifest: { modules: Record<string, any> } } }];
  const main = config.manifest.modules['index.js'];
  main.contents = PANICS + main.contents;
  // What it logs of it is not for the reader of a test.
  miniflare = new Miniflare({ ...options, handleStructuredLogs: () => {} });
  front.url = (await miniflare.ready).toString().replace(/\/$/, '');
});
afterAll(() => miniflare?.dispose());

interface PastSession {
  endReason: string;
  figures?: object;
}

const past = async (door: FrontDoor, key: Key) =>
  (await door.read<{ items: PastSession[] }>(key, '/v1/realtime/sessions')).items;

test('one that panics closes everything, and frees its place', async () => {
  const key = await voiceKey(front, { limits: { realtimeSessions: 1 } });
  const client = await VoiceClient.connect(front, key);
  const connection = await provider.next();
  await client.hear('session.created');
  client.send({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: PANIC }] },
  });
  await expect(client.closed).resolves.toEqual({ code: 1011, reason: 'the session failed' });
  await expect(connection.closed).resolves.toMatchObject({ code: 1000 });
  await eventually(
    'no session',
    () => countedSessions(front),
    (count) => count === 0,
  );
  const [session] = await eventually(
    'the session',
    () => past(front, key),
    (items) => items.length === 1,
  );
  expect(session).toMatchObject({ endReason: 'lost' });
  expect(session?.figures).toBeUndefined();

  const again = await VoiceClient.connect(front, key);
  await provider.next();
  again.leave();
});

test('one whose Worker and key lose each other ends, and its place is free at once', async () => {
  const key = await voiceKey(cutting, { limits: { realtimeSessions: 1 } });
  const client = await VoiceClient.connect(cutting, key);
  const connection = await provider.next();
  await client.hear('session.created');
  await cutting.cut(key);
  await expect(client.closed).resolves.toEqual({ code: 1012, reason: 'service restart' });
  await expect(connection.closed).resolves.toMatchObject({ code: 1000 });
  const headers = { authorization: `Bearer ${key.key}` };
  const again = await eventually(
    'a free place',
    () => VoiceClient.open(cutting, { headers }).catch(() => undefined),
    (opened) => opened !== undefined,
  );
  await provider.next();
  await expect(past(cutting, key)).resolves.toMatchObject([{ endReason: 'lost' }]);
  again?.leave();
});

test('one that goes down with everything else is kept as lost, and holds no place', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conduit-edge-lost-'));
  const started = await EdgeProcess.start(folder, 0, provider.vars);
  let edge = started;
  try {
    const key = await voiceKey(edge, { limits: { realtimeSessions: 1 } });
    const client = await VoiceClient.connect(edge, key);
    await provider.next();
    await client.hear('session.created');
    await edge.kill();
    edge = await EdgeProcess.start(folder, started.port, provider.vars);
    await expect(past(edge, key)).resolves.toMatchObject([{ endReason: 'lost', cost: 0 }]);
    const again = await VoiceClient.connect(edge, key);
    await again.hear('session.created');
    again.leave();
  } finally {
    await edge.kill();
    await rm(folder, { recursive: true, force: true });
  }
});
