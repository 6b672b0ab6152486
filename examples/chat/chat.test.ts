// The chat as its guests see it: official clients, over every transport, on the real workerd.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpTransportType, Subject } from '@microsoft/signalr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { within } from '../../tests/harness/deadline.ts';
import { Inbox } from '../../tests/harness/inbox.ts';
import { type ClientOptions, OfficialClient } from '../../tests/harness/officialClient.ts';
import { WorkerInstance } from '../../tests/harness/workerInstance.ts';

const EVENTS = ['Said', 'Joined', 'Left', 'Typing', 'Dictating'];

interface Message {
  id: number;
  name: string;
  text: string;
  at: number;
}

let worker: WorkerInstance;
let storage: string;
let rooms = 0;

beforeAll(async () => {
  storage = await mkdtemp(join(tmpdir(), 'chat-'));
  worker = await start();
});
afterAll(async () => {
  await worker?.stop();
  await rm(storage, { recursive: true, force: true });
});

const start = () => WorkerInstance.start('examples/chat', 'chat', { persist: storage });

const newRoom = () => `room-${++rooms}`;

const connect = (room: string, options: ClientOptions = {}) =>
  OfficialClient.connect(`${worker.url}/chat?room=${room}`, { events: EVENTS, ...options });

/** A client that has joined, whoever was there before having been told. */
async function guest(room: string, name: string, options: ClientOptions = {}): Promise<OfficialClient> {
  const client = await connect(room, options);
  await client.invoke('Join', name);
  return client;
}

/** The items of a stream as they come; `end` settles with it. */
function stream<T>(client: OfficialClient, method: string, ...args: unknown[]) {
  const items = new Inbox<T>(method);
  let cancel = () => {};
  const end = new Promise<void>((resolve, reject) => {
    const next = (item: T) => items.push(item);
    const subscription = client.connection
      .stream<T>(method, ...args)
      .subscribe({ next, complete: resolve, error: reject });
    cancel = () => subscription.dispose();
  });
  end.catch(() => {});
  return { items, end: () => within(end, `the end of ${method}`), cancel };
}

async function history(client: OfficialClient, last: number): Promise<Message[]> {
  const { items, end } = stream<Message>(client, 'History', last);
  await end();
  return items.all;
}

const texts = (messages: Message[]) => messages.map(({ text }) => text);

const WAYS = [
  ['WebSockets', 'json'],
  ['WebSockets', 'messagepack'],
  ['ServerSentEvents', 'json'],
  ['LongPolling', 'json'],
  ['LongPolling', 'messagepack'],
] as const;

describe.each(WAYS)('by %s, in %s', (transport, protocol) => {
  const way = { transport: HttpTransportType[transport], protocol };

  test('what one says all hear, and who comes and goes the others', async () => {
    const room = newRoom();
    const ada = await guest(room, 'Ada', way);
    const ben = await connect(room, way);
    await expect(ben.invoke('Join', ' Ben ')).resolves.toEqual(['Ada', 'Ben']);
    await expect(ada.events.next()).resolves.toEqual(['Joined', 'Ben']);

    await ben.invoke('Typing');
    await expect(ada.events.next()).resolves.toEqual(['Typing', 'Ben']);
    await ben.invoke('Say', 'Hello!');
    const said = ['Said', { id: 1, name: 'Ben', text: 'Hello!', at: expect.any(Number) }];
    await expect(ada.events.next()).resolves.toEqual(said);
    await expect(ben.events.next()).resolves.toEqual(said);

    await ben.stop();
    await expect(ada.events.next()).resolves.toEqual(['Left', 'Ben']);
    await expect(ada.invoke('Who')).resolves.toEqual(['Ada']);
    await ada.stop();
  });

  test('the history comes as a stream, oldest first, over many pages', async () => {
    const ada = await guest(newRoom(), 'Ada', way);
    const said = Array.from({ length: 60 }, (_, index) => `message ${index}`);
    for (const text of said) await ada.invoke('Say', text);
    expect(texts(await history(ada, 1_000))).toEqual(said);
    expect(texts(await history(ada, 2))).toEqual(said.slice(-2));
    expect(await history(ada, 0)).toEqual([]);
    await ada.stop();
  });

  test('others watch what is dictated grow, word by word', async () => {
    const room = newRoom();
    const ada = await guest(room, 'Ada', way);
    const ben = await guest(room, 'Ben', way);
    await ada.events.next();
    const words = new Subject<string>();
    const dictated = ben.invoke('Dictate', words);
    const id = ben.connection.connectionId;
    let text = '';
    for (const word of ['It', 'was', 'a', 'dark', 'night.']) {
      words.next(word);
      text = `${text} ${word}`.trim();
      const [name, from, who, soFar] = await ada.events.next();
      expect([name, who, soFar]).toEqual(['Dictating', 'Ben', text]);
      if (id !== null) expect(from).toBe(id);
    }
    words.complete();
    await dictated;
    await expect(ada.events.next()).resolves.toEqual(['Dictating', expect.any(String), 'Ben', '']);
    await expect(ada.events.next()).resolves.toMatchObject(['Said', { name: 'Ben', text }]);
    await Promise.all([ada.stop(), ben.stop()]);
  });

  test('a poll asks everybody and streams the tally', async () => {
    const room = newRoom();
    const [ada, ben, cyd] = await Promise.all(['Ada', 'Ben', 'Cyd'].map((name) => guest(room, name, way)));
    const questions: unknown[] = [];
    let decide = (_vote: boolean) => {};
    const decision = new Promise<boolean>((resolve) => {
      decide = resolve;
    });
    ada?.connection.on('Vote', (...question) => {
      questions.push(question);
      return true;
    });
    // Ben takes his time; Cyd's client has no such handler.
    ben?.connection.on('Vote', () => decision);
    const poll = stream(ada as OfficialClient, 'Poll', 'Tea?');
    await poll.items.take(2);
    expect(poll.items.all.at(-1)).toEqual({ asked: 3, yes: 1, no: 0, abstained: 1 });
    decide(false);
    await poll.end();
    expect(poll.items.all.at(-1)).toEqual({ asked: 3, yes: 1, no: 1, abstained: 1 });
    expect(questions).toEqual([['Ada', 'Tea?']]);
    await Promise.all([ada, ben, cyd].map((client) => client?.stop()));
  });
});

test('who goes while dictating has said nothing', async () => {
  const room = newRoom();
  const ada = await guest(room, 'Ada');
  const ben = await guest(room, 'Ben');
  const words = new Subject<string>();
  ben.connection.invoke('Dictate', words).catch(() => {});
  words.next('Help');
  await ada.events.find('the dictation', ([name]) => name === 'Dictating');
  await ben.stop();
  await expect(ada.events.take(2)).resolves.toEqual(
    expect.arrayContaining([
      ['Dictating', expect.any(String), 'Ben', ''],
      ['Left', 'Ben'],
    ]),
  );
  expect(await history(ada, 10)).toEqual([]);
  await ada.stop();
});

test('a poll that is cancelled keeps nobody from the next', async () => {
  const ada = await guest(newRoom(), 'Ada');
  const asked = new Inbox<string>('Ada');
  ada.connection.on('Vote', (_name, question) => {
    asked.push(question);
    return question === 'Never answered?' ? new Promise(() => {}) : null;
  });
  const never = stream(ada, 'Poll', 'Never answered?');
  await asked.next();
  never.cancel();
  const poll = stream(ada, 'Poll', 'And now?');
  await poll.end();
  expect(poll.items.all).toEqual([{ asked: 1, yes: 0, no: 0, abstained: 1 }]);
  await ada.stop();
});

test('refusals say why', async () => {
  const room = newRoom();
  const ada = await connect(room);
  const refusal = (why: string) =>
    expect.objectContaining({ message: expect.stringContaining(`HubException: ${why}`) });
  await expect(ada.invoke('Say', 'Hello!')).rejects.toEqual(refusal('Join first.'));
  await expect(ada.invoke('Join', 'x'.repeat(41))).rejects.toEqual(refusal('A name has at most 40 characters.'));
  await ada.invoke('Join', 'Ada');
  await expect(ada.invoke('Join', 'Eve')).rejects.toEqual(refusal('You have joined already.'));
  await expect(ada.invoke('Say', 'x'.repeat(2_001))).rejects.toEqual(refusal('A text has at most 2000 characters.'));
  await ada.stop();
  await expect(connect('NO ROOM')).rejects.toThrow('400');
});

test('rooms hear nothing of each other', async () => {
  const [one, other] = [newRoom(), newRoom()];
  const ada = await guest(one, 'Ada');
  const ben = await guest(other, 'Ben');
  await ada.invoke('Say', 'Is anybody here?');
  await expect(ben.invoke('Who')).resolves.toEqual(['Ben']);
  expect(await history(ben, 10)).toEqual([]);
  expect(ben.events.all).toEqual([]);
  await Promise.all([ada.stop(), ben.stop()]);
});

test('a room that slept knows who is there', async () => {
  const room = newRoom();
  const ada = await guest(room, 'Ada');
  const ben = await guest(room, 'Ben');
  await ada.events.next();
  await worker.sleep('Room', room);
  await ben.invoke('Say', 'Good morning!');
  await expect(ada.events.next()).resolves.toMatchObject(['Said', { name: 'Ben', text: 'Good morning!' }]);
  await expect(ada.invoke('Who')).resolves.toEqual(['Ada', 'Ben']);
  await worker.sleep('Room', room);
  await ben.stop();
  await expect(ada.events.next()).resolves.toEqual(['Left', 'Ben']);
  await ada.stop();
});

test('the messages outlive a restart, and who was there does not', async () => {
  const room = newRoom();
  const ada = await guest(room, 'Ada');
  await ada.invoke('Say', 'Remember me.');
  await worker.stop();
  worker = await start();
  const ben = await connect(room);
  await expect(ben.invoke('Join', 'Ben')).resolves.toEqual(['Ben']);
  expect(texts(await history(ben, 10))).toEqual(['Remember me.']);
  await ben.stop();
});

test('the page and the official client come from the Worker', async () => {
  const page = await fetch(`${worker.url}/`);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const html = await page.text();
  const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
  expect(files).toEqual(['/style.css', '/signalr.js', '/main.js']);
  for (const path of [...files, '/view.js']) expect((await fetch(worker.url + path)).status, path).toBe(200);
  expect(await (await fetch(`${worker.url}/signalr.js`)).text()).toContain('HubConnectionBuilder');
  expect((await fetch(`${worker.url}/elsewhere`)).status).toBe(404);
});
