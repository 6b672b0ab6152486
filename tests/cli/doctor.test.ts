// `conduit doctor` against a deployment that is well, and against those that are not.

import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conduit, json, type Settings } from '../harness/commandLine.ts';
import { edge, MASTER_KEY } from '../harness/edge.ts';
import { GatedProxy } from '../harness/gatedProxy.ts';

const front = edge({ vars: { ALLOWED_ORIGINS: 'https://app.example' } });
const misconfigured = edge({ vars: { MAX_CONNECTIONS_PER_KEY: 'many' } });

interface Report {
  ok: boolean;
  failed: number;
  warnings: number;
  checks: { check: string; status: string; detail: string; advice?: string; durationMillis?: number }[];
}

interface Examined {
  code: number | null;
  report: Report;
  /** The status of each check by its name. */
  of: Record<string, string>;
  /** What to do about it. */
  advice: Record<string, string | undefined>;
}

async function doctor(settings: Settings, ...args: string[]): Promise<Examined> {
  const ended = await conduit(['doctor', '--json', ...args], settings);
  const report = json<Report>(ended);
  const each = <T>(member: (check: Report['checks'][number]) => T) =>
    Object.fromEntries(report.checks.map((check) => [check.check, member(check)]));
  return { code: ended.code, report, of: each(({ status }) => status), advice: each(({ advice }) => advice) };
}

const WELL = {
  address: 'ok',
  tls: 'ok',
  server: 'ok',
  health: 'ok',
  'virtual key': 'ok',
  'master key': 'ok',
  negotiation: 'ok',
  WebSockets: 'ok',
  MessagePack: 'ok',
  'server events': 'ok',
  'long polling': 'ok',
  'an event': 'ok',
  queues: 'ok',
  'pages (CORS)': 'ok',
};

describe('of a deployment that is well', () => {
  test('finds nothing wrong, and leaves nothing behind', async () => {
    const key = await front.createKey();
    const settings = { CONDUIT_URL: front.url, CONDUIT_KEY: key.key, CONDUIT_MASTER_KEY: MASTER_KEY };
    const { code, report, of } = await doctor(settings, '--origin', 'https://app.example');
    expect([code, report.ok, report.failed]).toEqual([0, true, 0]);
    expect(of).toMatchObject(WELL);
    expect(report.checks.find(({ check }) => check === 'an event')?.durationMillis).toBeGreaterThan(0);
    const list = await conduit(['keys', 'list'], settings);
    expect(list.stdout).not.toContain('conduit doctor');
    const text = await conduit(['doctor'], settings);
    expect(text.stdout).toContain('nothing is wrong');
    expect(text.stdout + text.stderr).not.toMatch(new RegExp(`${key.key}|${MASTER_KEY}`));
  });

  test('says what it could not check, and with what it could', async () => {
    const { code, of, report } = await doctor({ CONDUIT_URL: front.url });
    expect([code, of['virtual key'], of['master key'], of.WebSockets, of['an event']]).toEqual([
      0,
      ...Array.from({ length: 4 }, () => 'skipped'),
    ]);
    expect(report.checks.find(({ check }) => check === 'master key')?.detail).toContain('CONDUIT_MASTER_KEY');
    const without = await doctor({ CONDUIT_URL: front.url, CONDUIT_MASTER_KEY: MASTER_KEY }, '--no-event');
    expect([without.code, without.of['an event'], without.of.queues]).toEqual([0, 'skipped', 'ok']);
  });
});

describe('of a deployment that is not', () => {
  test('a wrong key', async () => {
    const settings = { CONDUIT_URL: front.url, CONDUIT_KEY: 'condt_wrong', CONDUIT_MASTER_KEY: 'condt_wrong' };
    const { code, of, advice } = await doctor(settings);
    expect([code, of['virtual key'], of['master key']]).toEqual([8, 'failed', 'failed']);
    expect(advice['virtual key']).toContain('conduit keys list');
    expect(advice['master key']).toContain('npm start');
    const swapped = await doctor({ CONDUIT_URL: front.url, CONDUIT_KEY: MASTER_KEY });
    expect([swapped.code, swapped.of['virtual key']]).toEqual([8, 'failed']);
  });

  test('a page that may not connect', async () => {
    const { code, of, advice } = await doctor({ CONDUIT_URL: front.url }, '--origin', 'https://evil.example');
    expect([code, of['pages (CORS)']]).toEqual([8, 'failed']);
    expect(advice['pages (CORS)']).toContain('ALLOWED_ORIGINS');
  });

  test('a wrong configuration', async () => {
    const { code, of, advice } = await doctor({ CONDUIT_URL: misconfigured.url });
    expect([code, of.address, of.server]).toEqual([8, 'ok', 'failed']);
    expect(advice.server).toContain('log');
  });

  test('a port without a server', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const { code, of, advice } = await doctor({ CONDUIT_URL: `http://127.0.0.1:${port}` });
    expect([code, of]).toEqual([8, { address: 'failed' }]);
    expect(advice.address).toContain('npm start');
  });

  test('a name without an address', async () => {
    const { code, of, advice } = await doctor({ CONDUIT_URL: 'http://no-such-host.invalid' });
    expect([code, of]).toEqual([8, { address: 'failed' }]);
    expect(advice.address).toContain('spelling');
  });

  test('a line that swallows everything but WebSockets, and one that swallows them', async () => {
    const key = await front.createKey();
    const proxy = await GatedProxy.start(front.url);
    const settings = { CONDUIT_URL: proxy.url, CONDUIT_KEY: key.key };
    proxy.fates.WebSockets = 'refused';
    const refused = await doctor(settings);
    expect([refused.code, refused.of.WebSockets, refused.of['long polling']]).toEqual([8, 'failed', 'ok']);
    expect(refused.advice.WebSockets).toContain('proxy');
    proxy.fates.WebSockets = 'passes';
    proxy.fates.ServerSentEvents = 'cut';
    const cut = await doctor(settings);
    expect([cut.code, cut.of.WebSockets, cut.of['server events']]).toEqual([0, 'ok', 'warning']);
    await proxy.stop();
  });

  describe('what is not Conduit Edge', () => {
    const servers: Server[] = [];

    /** Serves, and gives where. */
    async function serve(server: Server): Promise<string> {
      servers.push(server.listen(0, '127.0.0.1'));
      await once(server, 'listening');
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    let web: string;
    let other: string;
    let silent: string;

    beforeAll(async () => {
      web = await serve(createHttpServer((_, response) => response.end('<html>hello</html>')));
      other = await serve(createServer((socket) => socket.on('error', () => {}).end('220 mail.example ESMTP\r\n')));
      silent = await serve(createServer((socket) => socket.on('error', () => {}).resume()));
    });

    afterAll(() => {
      for (const server of servers) server.close();
    });

    test('is told apart', async () => {
      for (const [url, advice] of [
        [web, 'CONDUIT_URL'],
        [other, 'port'],
        [silent, 'port'],
      ] as const) {
        const examined = await doctor({ CONDUIT_URL: url, CONDUIT_MASTER_KEY: MASTER_KEY }, '--timeout', '2');
        expect([examined.code, examined.of.address, examined.of.server]).toEqual([8, 'ok', 'failed']);
        expect(examined.advice.server).toContain(advice);
        expect(examined.of.health).toBeUndefined();
      }
    });

    test('answers the other commands with exit code 3', async () => {
      const settings = { CONDUIT_URL: web, CONDUIT_MASTER_KEY: MASTER_KEY, CONDUIT_KEY: 'x' };
      for (const args of [['keys', 'list'], ['listen'], ['send', '--type', 'X']]) {
        const ended = await conduit(args, settings);
        expect([args, ended.code, ended.stderr]).toEqual([args, 3, expect.stringContaining('not Conduit Edge')]);
      }
    });

    test('a secure address of what has no TLS', async () => {
      const { code, of, advice } = await doctor({ CONDUIT_URL: web.replace('http:', 'https:') }, '--timeout', '2');
      expect([code, of.address, of.tls]).toEqual([8, 'ok', 'failed']);
      expect(advice.tls).toContain('http://');
    });
  });
});
