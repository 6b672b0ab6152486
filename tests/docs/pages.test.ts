// Pages for people who begin, move or look for a fault: their links lead somewhere, their programs run, and the texts that
// they quote are those that are answered.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { OfficialClient } from '../harness/officialClient.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const PAGES = [
  'README.md',
  'clients/js/README.md',
  'clients/rust/README.md',
  ...readdirSync(join(PROJECT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const ELSEWHERE = 'https://elsewhere.example';

const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
const code = (page: string, language: string) =>
  [...read(`docs/${page}.md`).matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, text]) => text as string,
  );

/** As GitHub makes an address of a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

test.each(PAGES)('every link of %s leads somewhere', (page) => {
  const path = join(PROJECT, page);
  const links = [...readFileSync(path, 'utf8').matchAll(/\]\(([^):]+)\)/g)].map(([, link]) => link as string);
  const broken = links.filter((link) => {
    const [file = '', fragment] = link.split('#');
    const target = file === '' ? path : resolve(dirname(path), file);
    if (!existsSync(target)) return true;
    const headings = () =>
      [...readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, text]) => anchor(text as string));
    return fragment !== undefined && !headings().includes(fragment);
  });
  expect(broken).toEqual([]);
});

describe('components', () => {
  const sources = 'clients/js/src/components';
  const elements = readdirSync(join(PROJECT, sources))
    .map((name) => read(`${sources}/${name}`))
    .filter((source) => source.includes('extends ConduitElement'));
  const page = read('docs/components.md');

  test('names every attribute, event and part of every element', () => {
    expect(elements).toHaveLength(6);
    for (const source of elements) {
      const [, name = ''] = source.match(/export class Conduit(\w+)/) ?? [];
      const tag = `conduit${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      const section = page.split('\n## ').find((text) => text.startsWith(`${tag}\n`)) ?? '';
      const attributes = source.match(/observedAttributes(?:: string\[\])? = \[([^\]]*)\]/)?.[1] ?? '';
      const named = [
        ...[...attributes.matchAll(/'([^']+)'/g)].map(([, attribute]) => attribute),
        ...[...source.matchAll(/part: '([^']+)'/g)].map(([, part]) => part?.split(' ').at(-1)),
        ...[...source.matchAll(/'(conduit-[a-z-]+)'/g)].map(([, event]) => event),
      ];
      const missing = named.filter((one) => one !== 'button' && !section.includes(`\`${one}\``));
      expect([tag, missing]).toEqual([tag, []]);
    }
  });

  test('shows the lines that the pages have', () => {
    const [lines = ''] = code('components', 'html');
    const [script = '', element = ''] = lines.split('\n');
    const example = read('examples/components/pages/task-progress.html');
    expect(example).toContain(script);
    expect(example).toContain(element.replace(/<\/.*/, ''));
  });
});

const front = edge({ vars: { ALLOWED_ORIGINS: 'https://app.example.com' } });
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Runs a page's program, with the client of this repository, and collects its output. */
async function runProgram(program: string, env: Record<string, string>) {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: PROJECT },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    alias: { '@conduit-edge/client': join(PROJECT, 'clients/js/src/index.ts') },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(process.cwd() + '/');" },
    logLevel: 'error',
  });
  const child = spawn(process.execPath, ['--input-type=module'], { cwd: PROJECT, env: { ...process.env, ...env } });
  running.push(child);
  child.stdin.end(outputFiles[0]?.text);
  const lines: string[] = [];
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trimEnd().split('\n')));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<string>((done) => child.once('exit', () => done(errors)));
  return { lines, ended };
}

describe('migrating-from-polling', () => {
  const [before = '', after = ''] = code('migrating-from-polling', 'js');

  test.each([
    ['before', before.replace('2_000', '20'), ['running 10', 'running 60', 'completed 100']],
    ['after', after, ['running 10', 'running 60']],
  ])('what follows a task %s works', async (_, program, expected) => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 't1', taskType: 'render' });
    await front.tell(key, 'TaskProgress', { taskId: 't1', percentComplete: 10 });
    const { lines, ended } = await runProgram(program, { CONDUIT_URL: front.url, CONDUIT_KEY: key.key });
    const has = (line: string) =>
      eventually(
        line,
        async () => lines,
        (all) => all.includes(line),
      );
    await has('running 10');
    await front.tell(key, 'TaskProgress', { taskId: 't1', percentComplete: 60 });
    await has('running 60');
    await front.tell(key, 'TaskCompleted', { taskId: 't1', result: 'a video' });
    await expect(ended).resolves.toBe('');
    expect([...new Set(lines)]).toEqual([...expected, 'a video']);
  });
});

test('authentication: the server of a page gives tokens for that much and no more', async () => {
  const key = await front.createKey();
  const [program = ''] = code('authentication', 'js');
  const port = 20_000 + (process.pid % 20_000);
  await runProgram(program.replace('3000', `${port}`), { CONDUIT_URL: front.url, CONDUIT_KEY: key.key });
  const ask = () =>
    fetch(`http://127.0.0.1:${port}/token`).then(
      (answer) => answer.json(),
      () => undefined,
    );
  const { token } =
    (await eventually(
      'a token',
      ask as () => Promise<{ token?: string } | undefined>,
      (it) => it?.token !== undefined,
    )) ?? {};
  const negotiate = (hub: string) =>
    fetch(`${front.url}/hubs/${hub}/negotiate?negotiateVersion=1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    }).then(({ status }) => status);
  await expect(Promise.all(['tasks', 'spend'].map(negotiate))).resolves.toEqual([200, 403]);
});

describe('troubleshooting quotes', () => {
  const page = read('docs/troubleshooting.md').replace(/\s+/g, ' ');
  const connect = (hub: string, secret: string) =>
    OfficialClient.connect(`${front.url}/hubs/${hub}`, { accessTokenFactory: () => secret, events: [] }).then(
      (client) => client.stop(),
      (error: Error) => error.message,
    );
  const negotiate = (secret: string | undefined, headers: Record<string, string> = {}) =>
    fetch(`${front.url}/hubs/tasks/negotiate?negotiateVersion=1`, {
      method: 'POST',
      headers: { ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }), ...headers },
    });
  const reason = async (answer: Promise<Response>) =>
    (await answer).headers.get('www-authenticate')?.match(/error_description="(.*)"/)?.[1] ?? '';

  test('what official clients say of a refused negotiation', async () => {
    const key = await front.createKey();
    const texts = [
      await connect('tasks', 'condt_wrong'),
      await connect('metrics', key.key),
      await connect('none', key.key),
    ];
    for (const text of texts) expect(page).toContain(String(text).replace(/^.*server: (?=Error: (Forbidden|Not))/, ''));
  });

  test('why a key is refused', async () => {
    const disabled = await front.createKey({ enabled: false });
    const told = [negotiate(undefined), negotiate('condt_wrong'), negotiate('a.b.c'), negotiate(disabled.key)].map(
      reason,
    );
    await expect(Promise.all(told)).resolves.toEqual([
      'no key was given',
      'the key is unknown',
      'the key is unknown',
      'the key is disabled',
    ]);
    for (const text of await Promise.all(told)) expect(page).toContain(`\`${text}\``);
  });

  test('limits, origins, and what is asked of a hub that is no connection', async () => {
    const key = await front.createKey({ limits: { connections: 1 } });
    const client = await front.official(key);
    await expect(connect('tasks', key.key)).resolves.toMatch(
      /The virtual key has 1 connections, as many as it may have\./,
    );
    expect(page).toContain("The virtual key has 1 connections, as many as it may have.: Status code '429'");
    await client.stop();
    const { detail } = (await (await negotiate(key.key, { origin: ELSEWHERE })).json()) as { detail: string };
    expect(page).toContain(detail);
    for (const query of ['', '?id=none']) {
      const answer = await fetch(`${front.url}/hubs/tasks${query}`, {
        headers: { authorization: `Bearer ${key.key}` },
      });
      expect(page).toContain(`\`${await answer.text()}\``);
    }
  });

  test('what methods answer', async () => {
    const client = await front.official(await front.createKey());
    for (const [method, ...args] of [['SubscribeToTask', 'none'], ['Nothing'], ['TaskProgress', 't', 1]]) {
      const text = await client.invoke(method as string, ...args).catch(({ message }: Error) => message);
      expect(page).toContain(`\`${String(text).replace(/^.*(?=HubException)/, '')}\``);
    }
    const text = await client.invoke('SubscribeToTask').catch(({ message }: Error) => message);
    expect(page).toContain(`\`${text}\``);
    await client.stop();
  });

  test('what is answered to events', async () => {
    const event = {
      specversion: '1.0',
      id: '1',
      source: '/x',
      type: 'TaskStarted',
      data: { taskId: 't', taskType: 'x' },
    };
    const send = (type: string, body: object) =>
      fetch(`${front.url}/v1/events`, {
        method: 'POST',
        headers: { 'x-master-key': MASTER_KEY, 'content-type': type },
        body: JSON.stringify(body),
      }).then((answer) => answer.text());
    const CLOUD_EVENT = 'application/cloudevents+json';
    await expect(send('text/plain', {})).resolves.toContain('the content type must be application/cloudevents+json, ');
    await expect(send(CLOUD_EVENT, event)).resolves.toContain('missing: it names the virtual key that is told');
    await expect(send(CLOUD_EVENT, { ...event, virtualkeyid: 'none' })).resolves.toContain(
      'there is no such virtual key',
    );
    const ofKey = async (key: Key) => front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    await expect(ofKey(await front.createKey())).resolves.toMatchObject({ status: 'delivered', recipients: 0 });
    for (const text of [
      'the content type must be application/cloudevents+json, …',
      '`missing: it names the virtual key that is told`',
      '`there is no such virtual key`',
    ]) {
      expect(page).toContain(text);
    }
  });
});
