// A key's budget is lent to its voice sessions in parts: neither one of them nor all together outrun it.

import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { OpenAiProvider, usage } from '../harness/realtime/openAiProvider.ts';
import { type ProviderConnection, running } from '../harness/realtime/providerDouble.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';
import { readSpend } from '../harness/spend.ts';

// A report of 1,000 tokens costs 0.01; a second of `by-the-second` costs 1.
const PRICES = { 'gpt-realtime': { inputTextPerMillion: '10' }, 'by-the-second': { sessionPerMinute: '60' } };
const REPORT = 0.01;

const provider = running(new OpenAiProvider(Object.keys(PRICES)));
const front = edge({ vars: Object.assign(provider.vars, { MODEL_PRICES: JSON.stringify(PRICES) }) });

interface Call {
  client: VoiceClient;
  connection: ProviderConnection;
}

async function call(key: Key, model = 'gpt-realtime'): Promise<Call> {
  const client = await VoiceClient.connect(front, key, { query: `model=${model}` });
  const connection = await provider.next();
  await client.hear('session.created');
  return { client, connection };
}

/** Answers as often as that, without waiting for anybody. */
function answer({ connection }: Call, times: number): void {
  for (let count = 0; count < times; count++) provider.beginAnswer(connection).end(usage(1_000, 0));
}

/** What the key has spent once so many sessions are over, and nobody has anything to bill. */
async function spentInTheEnd(key: Key, sessions = 1): Promise<number> {
  await eventually(
    `${sessions} sessions kept`,
    () => front.read<{ items: { figures?: object }[] }>(key, '/v1/realtime/sessions'),
    ({ items }) => items.filter((item) => item.figures !== undefined).length === sessions,
  );
  return (await readSpend(front, key)).currentSpend;
}

const ends = async ({ client }: Call) => {
  await expect(client.closed).resolves.toEqual({ code: 1008, reason: 'budget exceeded' });
};

describe('what is reported at once', () => {
  test('by one session, is billed up to the report that reaches the limit', async () => {
    const key = await voiceKey(front, { budget: { limit: '0.5' } });
    const one = await call(key);
    answer(one, 200);
    await ends(one);
    expect(await spentInTheEnd(key)).toBe(0.5);
  });

  test('by five sessions, is billed up to the limit, and one report of each', async () => {
    const key = await voiceKey(front, { budget: { limit: '0.5' } });
    const calls: Call[] = [];
    for (let count = 0; count < 5; count++) calls.push(await call(key));
    for (const one of calls) answer(one, 100);
    await Promise.all(calls.map(ends));
    const spent = await spentInTheEnd(key, 5);
    expect(spent).toBeGreaterThanOrEqual(0.5 - REPORT);
    expect(spent).toBeLessThanOrEqual(0.5 + 5 * REPORT);
  });

  test('by five sessions in turns, is billed up to the report that reaches the limit', async () => {
    const key = await voiceKey(front, { budget: { limit: '0.205' } });
    const calls: Call[] = [];
    for (let count = 0; count < 5; count++) calls.push(await call(key));
    const going = new Set(calls);
    for (const one of calls) void one.client.closed.then(() => going.delete(one));
    let answers = 0;
    for (let turn = 0; going.size > 0; turn++) {
      const one = calls[turn % 5] as Call;
      if (!going.has(one)) continue;
      answer(one, 1);
      answers += 1;
      // One that was ended meanwhile hears of no answer.
      const isHeard = await one.client.hear('response.done').then(
        () => true,
        () => false,
      );
      if (!isHeard) {
        answers -= 1;
        going.delete(one);
        continue;
      }
      const billed = ({ currentSpend }: { currentSpend: number }) => currentSpend >= answers * REPORT - 1e-9;
      await eventually('the bill', () => readSpend(front, key), billed);
    }
    await Promise.all(calls.map(ends));
    const spent = await spentInTheEnd(key, 5);
    expect(spent).toBeGreaterThanOrEqual(0.2);
    expect(spent).toBeLessThanOrEqual(0.205 + REPORT);
  });
});

test('what every second costs, three sessions spend up to the limit', async () => {
  const key = await voiceKey(front, { budget: { limit: '3' } });
  const calls = [await call(key, 'by-the-second'), await call(key, 'by-the-second'), await call(key, 'by-the-second')];
  await Promise.all(calls.map(ends));
  const spent = await spentInTheEnd(key, 3);
  expect(spent).toBeGreaterThanOrEqual(2.9);
  // A tenth of a second of each, for a machine that is busy: without loans it would be two seconds.
  expect(spent).toBeLessThanOrEqual(3.3);
});

test('what one session did not use, another may', async () => {
  const key = await voiceKey(front, { budget: { limit: '0.1' } });
  const [one, other] = [await call(key), await call(key)];
  one.client.leave();
  await one.client.closed;
  answer(other, 50);
  await ends(other);
  expect(await spentInTheEnd(key, 2)).toBe(0.1);
});

test('what was lent is taken back when others have spent it', async () => {
  const key = await voiceKey(front, { budget: { limit: '1' } });
  const one = await call(key);
  await front.tell(key, 'SpendRecorded', { amount: '0.95' });
  answer(one, 50);
  await ends(one);
  expect(await spentInTheEnd(key)).toBe(1);
});

test('a budget that is raised during a call is lent, and one that is taken away ends none', async () => {
  const key = await voiceKey(front, { budget: { limit: '0.05' } });
  const one = await call(key);
  answer(one, 4);
  for (let count = 0; count < 4; count++) await one.client.hear('response.done');
  await front.patchKey(key, { budget: { limit: '0.2' } });
  answer(one, 10);
  for (let count = 0; count < 10; count++) await one.client.hear('response.done');
  await front.patchKey(key, { budget: null });
  answer(one, 50);
  for (let count = 0; count < 50; count++) await one.client.hear('response.done');
  one.client.leave();
  expect(await spentInTheEnd(key)).toBe(0.64);
});

test('a session is one request, however often it is billed', async () => {
  const key = await voiceKey(front);
  const one = await call(key);
  answer(one, 3);
  for (let count = 0; count < 3; count++) await one.client.hear('response.done');
  one.client.leave();
  expect(await spentInTheEnd(key)).toBe(0.03);
  expect((await readSpend(front, key)).requests).toBe(1);
});
