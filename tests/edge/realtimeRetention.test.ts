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

test('a session and its recording are gone when their time is over', async () => {
  const vars = { ...provider.vars, REALTIME_RETENTION_DAYS: '2' };
  const start = Date.now() + 1_000;
  await front.startAt(start, vars);
  const key = await voiceKey(front, { recording: true });
  const client = await VoiceClient.connect(front, key);
  await client.hear('session.created');
  client.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(48_000, 1).toString('base64') });
  await (await provider.next()).hear('input_audio_buffer.append');
  client.leave();
  const listed = () => front.read<PastSessions>(key, '/v1/realtime/sessions');
  const { items } = await eventually('the session', listed, ({ items }) => items[0]?.figures !== undefined);
  const headers = { authorization: `Bearer ${key.key}` };
  const recording = async () =>
    (await fetch(`${front.url}/v1/realtime/sessions/${items[0]?.connectionId}/recording`, { headers })).status;

  await front.startAt(start + DAY, vars);
  await expect(listed()).resolves.toEqual({ items });
  expect(await recording()).toBe(200);
  await front.startAt(start + 3 * DAY, vars);
  await eventually('no session', listed, (page) => page.items.length === 0);
  expect(await recording()).toBe(404);
});
