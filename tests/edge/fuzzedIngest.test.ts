// Whatever is posted as events, the answer is 4xx (or says what became of events that happen to be right), and the next
// request is served as if nothing had been.

import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { seededRandom } from '../harness/seededRandom.ts';

const front = edge();

const SEED = Number(process.env.CONDUIT_SEED ?? 20_260_131);
const ROUNDS = 1_500;

const CONTENT_TYPES = [
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  'application/x-ndjson',
  'application/json',
];

async function post(body: Uint8Array<ArrayBuffer> | string, contentType: string, encoding?: string) {
  const headers: Record<string, string> = { 'x-master-key': MASTER_KEY, 'content-type': contentType };
  if (encoding !== undefined) headers['content-encoding'] = encoding;
  const answer = await fetch(`${front.url}/v1/events`, { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text() };
}

async function stillServes(key: Key): Promise<void> {
  const taskId = 'afterwards';
  await expect(front.tell(key, 'TaskStarted', { taskId, taskType: 'test' })).resolves.toMatchObject({
    id: expect.any(String) as string,
  });
}

/** One of each family, to be mutilated. */
function samples(key: Key): object[] {
  return [
    cloudEvent(key.id, 'TaskStarted', { taskId: 't', taskType: 'video', metadata: { a: [1, 2.5e3, null, 'ü😀'] } }),
    cloudEvent(key.id, 'TaskProgress', { taskId: 't', percentComplete: 12, message: 'x' }),
    cloudEvent(key.id, 'SpendRecorded', { amount: '12.0000000001', provider: 'p', inputTokens: 12 }),
    cloudEvent(key.id, 'VideoCompleted', { requestId: 'v', videoUrl: 'https://example.com/v.mp4', cost: 0.5 }),
    cloudEvent(undefined, 'ServiceDegraded', { service: 's', reason: 'r' }),
  ];
}

/** Cuts, doubles, swaps and spoils some bytes. */
function mutilated(bytes: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  const whole = (most: number) => Math.floor(random() * most);
  let spoiled = Uint8Array.from(bytes);
  for (let times = 1 + whole(4); times > 0; times -= 1) {
    const at = whole(spoiled.length);
    const length = whole(Math.min(40, spoiled.length - at + 1));
    const [before, piece, behind] = [spoiled.slice(0, at), spoiled.slice(at, at + length), spoiled.slice(at + length)];
    const noise = Uint8Array.from({ length: whole(12) }, () => whole(256));
    const wrong = new TextEncoder().encode(WRONG[whole(WRONG.length)] ?? '');
    const pieces = [
      [before, behind],
      [before, piece, piece, behind],
      [before, noise, behind],
      [behind, before, piece],
      [before, wrong, behind],
    ][whole(5)] as Uint8Array[];
    spoiled = Uint8Array.from(Buffer.concat(pieces));
  }
  return spoiled;
}

const WRONG = [
  '1e400',
  '-1e400',
  '123456789012345678901234567890',
  '0.00000000000000000000000000000000001',
  '-0',
  'NaN',
  '"\\ud800"',
  '"\\u0000"',
  'null',
  '{"__proto__":1}',
  '[[[[',
  '}}}}',
  '\u2028',
  '\n',
  '"id":"again",',
];

test(`mutilated events, seed ${SEED}`, { timeout: 120_000 }, async () => {
  const random = seededRandom(SEED);
  const key = await front.createKey();
  const sources = samples(key).map((sample) => new TextEncoder().encode(JSON.stringify(sample)));
  sources.push(new TextEncoder().encode(JSON.stringify(samples(key))));
  let refused = 0;
  for (let round = 0; round < ROUNDS; round += 30) {
    const answers = Array.from({ length: 30 }, async () => {
      const source = sources[Math.floor(random() * sources.length)] as Uint8Array;
      const body = mutilated(source, random);
      const { status, text } = await post(body, CONTENT_TYPES[Math.floor(random() * 4)] as string);
      expect([200, 400], `${status} ${Buffer.from(body).toString('base64')} ${text}`).toContain(status);
      if (status === 400) refused += 1;
    });
    await Promise.all(answers);
  }
  // The mutilation is worth its name.
  expect(refused).toBeGreaterThan(ROUNDS / 2);
  await stillServes(key);
});

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

test.each([
  ['lists', nested(200_000, '[', ']')],
  ['objects', nested(100_000, '{"a":', '}').replace(':}', ':1}')],
  ['lists that do not end', '['.repeat(900_000)],
])('deep JSON of %s is refused, wherever it is', async (_, deep) => {
  const key = await front.createKey();
  const event = JSON.stringify(cloudEvent(key.id, 'TaskStarted', { taskId: 't', taskType: 'x', metadata: 'DEEP' }));
  for (const body of [deep, event.replace('"DEEP"', deep), event.replace('"urn:tests"', deep)]) {
    for (const contentType of CONTENT_TYPES) {
      const { status, text } = await post(body.slice(0, 1_040_000), contentType);
      expect(status, text.slice(0, 300)).toBe(400);
    }
  }
  await stillServes(key);
});

test.each([
  ['1e999', 'TaskProgress', 'percentComplete'],
  ['-1', 'TaskProgress', 'percentComplete'],
  ['99999999999999999999999999999999999999', 'SpendRecorded', 'amount'],
  ['1e-400', 'SpendRecorded', 'amount'],
  ['"twelve"', 'SpendRecorded', 'amount'],
  ['18446744073709551616', 'SpendRecorded', 'inputTokens'],
])('the number %s of %s is refused by the path of its field', async (number, type, field) => {
  const key = await front.createKey();
  const data = type === 'TaskProgress' ? { taskId: 't', percentComplete: 1 } : { amount: 1, inputTokens: 1 };
  const event = JSON.stringify(cloudEvent(key.id, type, data)).replace(new RegExp(`("${field}":)1`), `$1${number}`);
  const { status, text } = await post(event, 'application/cloudevents+json');
  expect(status).toBe(400);
  expect(text).toContain(`data.${field}`);
});

test.each([
  ['bytes that are no UTF-8', Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
  ['an overlong encoding', Uint8Array.from([0x22, 0xc0, 0x80, 0x22])],
  ['a surrogate in UTF-8', Uint8Array.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ['UTF-16', Uint8Array.from(Buffer.from('{}', 'utf16le'))],
  ['nothing but a byte order mark', Uint8Array.from([0xef, 0xbb, 0xbf])],
])('a body of %s is refused', async (_, bytes) => {
  const key = await front.createKey();
  for (const contentType of CONTENT_TYPES) {
    expect((await post(bytes, contentType)).status).toBe(400);
    expect((await post(new Uint8Array(gzipSync(bytes)), contentType, 'gzip')).status).toBe(400);
  }
  await stillServes(key);
});

test('gzip that lies is refused', async () => {
  const random = seededRandom(SEED);
  const key = await front.createKey();
  const honest = gzipSync(JSON.stringify(samples(key)));
  for (let round = 0; round < 100; round += 1) {
    const { status } = await post(mutilated(honest, random), 'application/json', 'gzip');
    expect([200, 400]).toContain(status);
  }
  await stillServes(key);
});
