// Past voice sessions and their recordings are kept as long as the configuration says.

import { afterAll, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { DAY, EdgeInTime } from '../harness/movedClock.ts';
import { OpenAiProvider } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const provider = running(new OpenAiProvider());
const front = new EdgeInTime();
afterAll(() => front.stop());

interface PastSessions {
  items: { connectionId: string; figures?: object }[];
}

const isIn = (page: PastSessions, items: PastSessions['items']) =>
  page.items.some(({ connectionId }) => connectionId === items[0]?.connectionId);

test('a session and its recording are gone when their time is over', async () => {
  const vars = { ...provider.vars, REALTIME_RETENTION_DAYS: '2' };
  const start = Date.now() + 1_000;
  await front.startAt(start, vars);
  const key = await voiceKey(front, { recording: true });
  const call = async () => {
    const client = await VoiceClient.connect(front, key);
    const connection = await provider.next();
    await client.hear('session.created');
    client.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(48_000, 1).toString('base64') });
    await connection.hear('input_audio_buffer.append');
    client.leave();
  };
  await call();
  const listed = () => front.read<PastSessions>(key, '/v1/realtime/sessions');
  const { items } = await eventually('the session', listed, ({ items }) => items[0]?.figures !== undefined);
  const headers = { authorization: `Bearer ${key.key}` };
  const recording = async () =>
    (await fetch(`${front.url}/v1/realtime/sessions/${items[0]?.connectionId}/recording`, { headers })).status;

  await front.startAt(start + DAY, vars);
  await expect(listed()).resolves.toEqual({ items });
  expect(await recording()).toBe(200);
  await front.startAt(start + 3 * DAY, vars);
  // An alarm that was set before comes when it was set for: something else must wake the key's object here.
  await call();
  await eventually('only the other session', listed, (page) => page.items.length === 1 && !isIn(page, items));
  expect(await recording()).toBe(404);
});
