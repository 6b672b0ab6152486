// The receivers of docs/webhooks.md, run as they stand there: each takes what Conduit signed, and nothing else.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge } from '../harness/edge.ts';
import { pythonWith } from '../harness/pythonWith.ts';
import { course, deliver, follower, rotate, told } from '../harness/webhooks.ts';

const front = edge({ vars: { ALLOW_PRIVATE_TARGETS: 'true' } });
const python = pythonWith('standardwebhooks==1.1.0');

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** The page's code in a language, at another port than the page's. */
function example(language: string, port: number): string {
  const page = readFileSync(`${PROJECT}/docs/webhooks.md`, 'utf8');
  const code = page.match(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm'))?.[1] ?? '';
  expect(code).toContain('3000');
  return code.replace('3000', `${port}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Delivers to a receiver that runs a while, and says what came of webhooks with its own secret and with another. */
async function tried(start: (port: number, secret: string) => ChildProcess): Promise<string[][]> {
  const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
  const { secret } = await rotate(front, key);
  const port = await freePort();
  const receiver = start(port, secret);
  try {
    const url = `http://127.0.0.1:${port}/hook`;
    const answers = () =>
      fetch(url, { method: 'POST', body: '{}' }).then(
        ({ status }) => status,
        () => 0,
      );
    // It also answers what nobody signed.
    await eventually('the receiver', answers, (status) => status === 400);
    const courses: string[][] = [];
    for (const one of [key, other]) {
      const client = await follower(front, one);
      await deliver(front, one, url);
      courses.push(told(await course(client, url)));
      await client.stop();
    }
    return courses;
  } finally {
    receiver.kill('SIGKILL');
  }
}

const EXPECTED = [
  ['DeliveryAttempted 1', 'DeliverySucceeded 1 204'],
  ['DeliveryAttempted 1', 'DeliveryFailed 1 400 HTTP 400 final'],
];

test('in Node.js', async () => {
  const start = (port: number, secret: string) =>
    spawn(process.execPath, ['--input-type=module', '--eval', example('js', port)], {
      cwd: PROJECT,
      env: { ...process.env, WEBHOOK_SECRET: secret },
      stdio: 'ignore',
    });
  await expect(tried(start)).resolves.toEqual(EXPECTED);
});

test('in Python', async (context) => {
  const path = python(context);
  const start = (port: number, secret: string) =>
    spawn(path, ['-c', example('python', port)], { env: { ...process.env, WEBHOOK_SECRET: secret }, stdio: 'ignore' });
  await expect(tried(start)).resolves.toEqual(EXPECTED);
});
