// The page for backend engineers: its commands and its programs, with the libraries of CloudEvents, against the Worker.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { pythonWith } from '../harness/pythonWith.ts';

const front = edge();
const run = promisify(execFile);

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const PAGE = readFileSync(file('docs/backends.md'), 'utf8');
const TYPES = ['TaskStarted', 'TaskProgress', 'TaskCompleted', 'TaskFailed'];

const python = pythonWith('cloudevents==2.2.0');
let curl: { path: string } | { missing: string };

beforeAll(async () => {
  curl = await run('curl', ['--version']).then(
    () => ({ path: 'curl' }),
    () => ({ missing: 'no curl' }),
  );
});

async function token(): Promise<string> {
  const made = await front.admin('POST', '/v1/admin/service-tokens', { name: 'sdk', eventTypes: TYPES });
  return ((await made.json()) as { token: string }).token;
}

/** What a program that sends events writes, a line each. */
async function lines(path: string, args: string[], key: Key): Promise<unknown[]> {
  const env = { ...process.env, CONDUIT_URL: front.url, CONDUIT_TOKEN: await token(), KEY_ID: key.id, MASTER_KEY };
  const { stdout } = await run(path, args, { env, timeout: 20_000 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test.for([
  ['JavaScript', 'js', 'examples/cloudevents/send.mjs', () => process.execPath],
  ['Python', 'python', 'examples/cloudevents/send.py', python],
] as const)(
  'the SDK of %s is understood in structured and in binary mode',
  async ([, language, program, interpreter], context) => {
    const path = interpreter(context);
    expect(PAGE).toContain(`\`\`\`${language}\n${readFileSync(file(program), 'utf8')}\`\`\``);
    const key = await front.createKey();
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', '*');
    const results = await lines(path, [file(program), key.id], key);
    const delivered = { id: expect.any(String), status: 'delivered', recipients: 1 };
    expect(results).toEqual([delivered, delivered, delivered]);
    await client.events.find('the end', ([name]) => name === 'TaskCompleted');
    const id = client.events.all[0]?.[1];
    expect(client.events.all).toEqual([
      ['TaskStarted', id, 'example', {}],
      ['TaskProgress', id, 50, 'halfway'],
      ['TaskCompleted', id, { answer: 42 }],
    ]);
    await client.stop();
  },
);

test('the commands of the page do what it says', async (context) => {
  if ('missing' in curl) {
    if (process.env.CI) throw new Error(curl.missing);
    return context.skip(curl.missing);
  }
  const key = await front.createKey();
  const commands = [...PAGE.matchAll(/```sh\n(.*?)```/gs)].map(([, command]) => command as string);
  const [making, ...sending] = commands;
  expect(await lines('sh', ['-c', making ?? ''], key)).toEqual([
    expect.objectContaining({ token: expect.stringMatching(/^condtsvc_/), name: 'render-farm' }),
  ]);
  const answers: unknown[] = [];
  for (const command of sending) answers.push(...(await lines('sh', ['-c', command], key)));
  const ids = answers.flatMap((answer) => (answer as { results: { id: string; status: string }[] }).results);
  expect(ids).toEqual(['1', '2', '3', '4', '5', '6'].map((id) => ({ id, status: 'delivered', recipients: 0 })));
  const { items } = await front.read<{ items: { taskId: string; state: string }[] }>(key, '/v1/tasks');
  expect(items.map(({ taskId, state }) => [taskId, state])).toEqual([
    ['t1', 'completed'],
    ['t2', 'failed'],
  ]);
});

test('what the SDKs cannot know is named: data that is not JSON, and an attribute that is missing', async () => {
  const headers = {
    authorization: `Bearer ${await token()}`,
    'content-type': 'text/plain',
    'ce-specversion': '1.0',
    'ce-id': 'a%20b',
    'ce-source': '/s',
    'ce-type': 'TaskStarted',
  };
  for (const [others, field] of [
    [{}, 'datacontenttype'],
    [{ 'content-type': 'application/json' }, 'virtualkeyid'],
  ] as const) {
    const request = { method: 'POST', headers: { ...headers, ...others }, body: '{"taskId":"t","taskType":"x"}' };
    const response = await fetch(`${front.url}/v1/events`, request);
    expect(response.status).toBe(400);
    await expect(response.json()).resolves.toMatchObject({
      results: [{ id: 'a b', status: 'rejected', error: { field } }],
    });
  }
});
