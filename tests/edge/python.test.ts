// The third-party client of Python, which writes its records its own way.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { Inbox } from '../harness/inbox.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { pythonWith } from '../harness/python.ts';

const front = edge();
const SCRIPT = fileURLToPath(new URL('python/listen.py', import.meta.url));

/** The interpreter that has the package, or why there is none. */
let python: Awaited<ReturnType<typeof pythonWith>>;

beforeAll(async () => {
  python = await pythonWith('signalrcore==1.0.2');
});

/** A client in a process of its own, and what it says. */
class PythonClient {
  readonly said = new Inbox<unknown[]>('the Python client');
  readonly #process: ChildProcessWithoutNullStreams;

  constructor(path: string, ...args: [url: string, key: string, protocol: string, transport: string]) {
    this.#process = spawn(path, [SCRIPT, ...args]);
    createInterface(this.#process.stdout).on('line', (line) => this.said.push(JSON.parse(line)));
    this.#process.stderr.setEncoding('utf8').on('data', (text) => this.said.push(['stderr', text]));
  }

  invoke(method: string, ...args: unknown[]): void {
    this.#process.stdin.write(`${JSON.stringify([method, args])}\n`);
  }

  /** What it says next that is neither a pong nor a log line. */
  next(): Promise<unknown[]> {
    return this.said.find('anything but pongs', ([what]) => what !== 'pong' && what !== 'stderr');
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

describe.each(PROTOCOLS)('signalrcore by WebSockets, in %s', (protocol) => {
  test('connects, subscribes, reads events and refusals, and has its pings answered', async (context) => {
    if ('missing' in python) {
      if (process.env.CI) throw new Error(python.missing);
      return context.skip(python.missing);
    }
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test', metadata: { a: [1, 'ü'] } });
    const client = new PythonClient(python.path, front.hub(), key.key, protocol, 'WebSockets');
    try {
      await expect(client.next()).resolves.toEqual(['open']);
      client.invoke('SubscribeToTask', 't');
      await expect(client.next()).resolves.toEqual(['event', 'TaskStarted', 't', 'test', { a: [1, 'ü'] }]);
      await expect(client.next()).resolves.toEqual(['completed', 'SubscribeToTask']);
      client.invoke('SubscribeToTask', 'unknown');
      const refusal =
        "An unexpected error occurred invoking 'SubscribeToTask' on the server. HubException: Task not found";
      await expect(client.next()).resolves.toEqual(['error', refusal]);

      await client.said.find('the answer to a ping', ([what]) => what === 'pong');
      await front.sleep(key);
      await client.said.find('the answer to a ping that woke the key', ([what]) => what === 'pong');
      await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 50, message: 'halfway' });
      await expect(client.next()).resolves.toEqual(['event', 'TaskProgress', 't', 50, 'halfway']);

      await front.patchKey(key, { enabled: false });
      // It tries again whatever a Close says, and is refused.
      const isRefused = ([what, text]: unknown[]) => what === 'stderr' && String(text).includes('HTTP Error 401');
      await client.said.find('the refusal of a disabled key', isRefused);
    } finally {
      client.kill();
    }
  });
});

// It sends MessagePack by neither of these: events are text, and its long polling has no working binary client.
describe.each(['ServerSentEvents', 'LongPolling'])('signalrcore by %s', (transport) => {
  test('connects, subscribes, and reads events', async (context) => {
    if ('missing' in python) {
      if (process.env.CI) throw new Error(python.missing);
      return context.skip(python.missing);
    }
    const key = await front.createKey();
    await front.tell(key, 'TaskRegistered', { taskId: 't', taskType: 'test' });
    // Its polls carry no header: the key must be in the address.
    const url = front.hub(`access_token=${key.key}`);
    const client = new PythonClient(python.path, url, key.key, 'json', transport);
    try {
      await expect(client.next()).resolves.toEqual(['open']);
      client.invoke('SubscribeToTask', 't');
      await expect(client.next()).resolves.toEqual(['completed', 'SubscribeToTask']);
      for (const percentComplete of [10, 20, 30]) {
        await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete, message: 'ü' });
        await expect(client.next()).resolves.toEqual(['event', 'TaskProgress', 't', percentComplete, 'ü']);
      }
    } finally {
      client.kill();
    }
  });
});
