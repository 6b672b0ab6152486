// Recordings of voice sessions: only where the key allows them, told to the client, heard and deleted by owner and operator.

import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { OpenAiProvider, usage } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const provider = running(new OpenAiProvider());
const front = edge({ vars: provider.vars });

/** Bytes of a millisecond of both sides. */
const MILLISECOND = 24 * 2 * 2;

/** Samples that are all the same, PCM16 at 24 kHz. */
function tone(millis: number, sample: number): Buffer {
  const bytes = Buffer.alloc(millis * 48);
  for (let at = 0; at < bytes.length; at += 2) bytes.writeInt16LE(sample, at);
  return bytes;
}

interface PastSession {
  connectionId: string;
  recorded: boolean;
  figures?: object;
}

async function session(key: Key): Promise<PastSession> {
  const { items } = await eventually(
    'the session',
    () => front.read<{ items: PastSession[] }>(key, '/v1/realtime/sessions'),
    ({ items }) => items[0]?.figures !== undefined,
  );
  return items[0] as PastSession;
}

/** A call in which the user says 300 ms, and the model a second, of which all is played. */
async function call(key: Key): Promise<{ created: any; session: PastSession }> {
  const client = await VoiceClient.connect(front, key);
  const connection = await provider.next();
  const created = await client.hear('session.created');
  client.send({ type: 'input_audio_buffer.append', audio: tone(300, 1_000).toString('base64') });
  await connection.hear('input_audio_buffer.append');
  const answer = provider.beginAnswer(connection);
  answer.say('Hello.', 100);
  answer.end(usage(1, 1));
  await client.hear('response.done');
  // What is not played yet when the client leaves is not heard.
  await new Promise((resolve) => setTimeout(resolve, 500));
  client.leave();
  return { created, session: await session(key) };
}

const ask = (key: Key, id: string, method = 'GET') =>
  fetch(`${front.url}/v1/realtime/sessions/${id}/recording`, {
    method,
    headers: { authorization: `Bearer ${key.key}` },
  });

/** The values of one side, without silence: 0 is the user, 1 the model. */
function heard(wav: Buffer, side: 0 | 1): number[] {
  const samples: number[] = [];
  for (let at = 44 + side * 2; at < wav.length; at += 4) {
    const sample = wav.readInt16LE(at);
    if (sample !== 0) samples.push(sample);
  }
  return samples;
}

describe('a key that allows it', () => {
  test('has its sessions recorded, both sides, and the client is told', async () => {
    const key = await voiceKey(front, { recording: true });
    const { created, session } = await call(key);
    expect(created.session.recording).toBe(true);
    expect(session.recorded).toBe(true);
    const response = await ask(key, session.connectionId);
    expect(response.headers.get('content-type')).toBe('audio/wav');
    const wav = Buffer.from(await response.arrayBuffer());
    expect(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ');
    expect([wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)]).toEqual([2, 24_000, 16]);
    expect(wav.readUInt32LE(40)).toBe(wav.length - 44);
    expect(wav.length).toBeGreaterThan(500 * MILLISECOND);
    expect(heard(wav, 0)).toEqual(Array.from({ length: 300 * 24 }, () => 1_000));
    expect(heard(wav, 1)).toEqual(Array.from({ length: 100 * 24 }, () => 0x0101));
  });

  test('has them heard and deleted by owner and operator, and by nobody else, and that is audited', async () => {
    const [key, other] = [await voiceKey(front, { recording: true }), await voiceKey(front, { recording: true })];
    const { session } = await call(key);
    const path = `/v1/admin/keys/${key.id}/realtime/sessions/${session.connectionId}/recording`;
    expect((await ask(other, session.connectionId)).status).toBe(404);
    expect((await ask(other, session.connectionId, 'DELETE')).status).toBe(404);
    const [own, operators] = [await ask(key, session.connectionId), await front.admin('GET', path)];
    expect(Buffer.from(await operators.arrayBuffer())).toEqual(Buffer.from(await own.arrayBuffer()));
    expect((await ask(key, session.connectionId, 'DELETE')).status).toBe(204);
    expect((await ask(key, session.connectionId)).status).toBe(404);
    expect((await front.admin('GET', path)).status).toBe(404);
    await expect(front.read<any>(key, '/v1/realtime/sessions')).resolves.toMatchObject({
      items: [{ recorded: false }],
    });
    const audit = (await (await front.admin('GET', `/v1/admin/keys/${key.id}/audit`)).json()) as any;
    expect(audit.items).toMatchObject([
      { action: 'recording.deleted', actor: 'owner', subject: session.connectionId },
      { action: 'recording.read', actor: 'operator' },
      { action: 'recording.read', actor: 'owner' },
      { action: 'realtime.ended' },
      { action: 'realtime.begun', reason: 'recorded' },
    ]);
  });
});

test('a key that does not allow it has nothing recorded', async () => {
  const key = await voiceKey(front);
  const { created, session } = await call(key);
  expect(created.session.recording).toBeUndefined();
  expect(session.recorded).toBe(false);
  expect((await ask(key, session.connectionId)).status).toBe(404);
});
