// docs/realtime.md: its double, started as the page says, and its examples, run as they stand there.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browser } from '../harness/browser.ts';
import { eventually, within } from '../harness/deadline.ts';
import { edge } from '../harness/edge.ts';
import { PLAYED, SENTENCE } from '../harness/realtime/selfAnswering.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const chromium = browser(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);

const page = readFileSync(join(PROJECT, 'docs/realtime.md'), 'utf8');

/** The page's code in a language, block by block. */
function examples(language: string): string[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)]
    .filter(([, name]) => name === language)
    .map(([, , code = '']) => code);
}

/** The lines for `.dev.vars` that the script prints for a double of a provider, at any port. */
async function printed(name: string): Promise<{ double: ChildProcess; vars: Record<string, string> }> {
  const double = spawn(process.execPath, [join(PROJECT, 'scripts/voice-double.mjs'), name, '0']);
  let text = '';
  double.stdout.on('data', (chunk) => {
    text += chunk;
  });
  while (!/^PROVIDER_KEY_.*\n/m.test(text)) await within(once(double.stdout, 'data'), 'the lines for .dev.vars');
  const lines = [...text.matchAll(/^([A-Z_]+)='(.*)'$/gm)].map(([, name, value]) => [name, value]);
  return { double, vars: Object.fromEntries(lines) };
}

describe.each(Object.keys(PLAYED))('with a double of %s', (name) => {
  const vars: Record<string, string> = {};
  let double: ChildProcess;
  beforeAll(async () => {
    const started = await printed(name);
    double = started.double;
    Object.assign(vars, started.vars);
  });
  afterAll(() => double.kill());
  const front = edge({ vars });

  test('the example for Node.js writes down what is said, in words and in sound', async () => {
    const folder = mkdtempSync(join(PROJECT, 'node_modules/.realtime-example-'));
    try {
      const env = { ...process.env, CONDUIT_URL: front.url, CONDUIT_KEY: (await voiceKey(front)).key };
      const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', examples('js')[0] ?? ''], {
        cwd: folder,
        env,
      });
      const { stdout, stderr } = await within(run, 'the end of the example');
      expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: SENTENCE, stderr: '' });
      // A second of PCM16 at 24 kHz.
      expect(readFileSync(join(folder, 'answer.pcm'))).toHaveLength(48_000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('its configuration', () => {
  const [REALTIME_PROVIDERS = '', MODEL_PRICES = ''] = examples('json');
  const front = edge({ vars: { REALTIME_PROVIDERS, MODEL_PRICES } });

  test('is taken, and names who answers a model', async () => {
    const { key } = await voiceKey(front);
    const answered = async (model: string) => {
      const refusal = await VoiceClient.refused(front, {
        query: `model=${model}`,
        headers: { authorization: `Bearer ${key}` },
      });
      return refusal.status;
    };
    // Known, but nobody has set a key.
    for (const model of ['gpt-realtime', 'gemini-live', 'support', 'conversational']) {
      expect(await answered(model)).toBe(503);
    }
    expect(await answered('of-nobody')).toBe(404);
  });
});

describe('in a browser', () => {
  const vars: Record<string, string> = {};
  let double: ChildProcess;
  beforeAll(async () => {
    const started = await printed('openai');
    double = started.double;
    Object.assign(vars, started.vars, { ALLOWED_ORIGINS: '*' });
  });
  afterAll(() => double.kill());
  const front = edge({ vars });

  test('the page hears its microphone, and tells what is answered', async (context) => {
    const page = await chromium(context).newPage();
    const [code = ''] = examples('html');
    const html = code.replace('ws://127.0.0.1:8787', front.url.replace(/^http/, 'ws'));
    const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      await page.fill('#key', (await voiceKey(front)).key);
      await page.click('#talk');
      const log = () => page.textContent('#log').then((text) => text ?? '');
      const told = await eventually('an answer', log, (text) => text.includes('assistant:'));
      expect(told).toContain('user: Something that I heard.');
      expect(told).toContain(`assistant: ${SENTENCE}`);
      expect(told).not.toContain('error');
    } finally {
      await page.close();
      server.close();
    }
  });
});
