// The package as others use it: plain JavaScript in Node.js, types, and no more in a bundle than what is used.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleClient, bundleComponents } from '../../scripts/setup/clientBundle.mjs';
import { edge } from '../harness/edge.ts';

const run = promisify(execFile);
const front = edge();
const PROJECT = resolve(import.meta.dirname, '../..');
const PACKAGE = join(PROJECT, 'clients', 'js');
const NAME = '@conduit-edge/client';

let folder: string;

beforeAll(async () => {
  // What npm would install: the package as it is published, beside the packages that it depends on.
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-consumer-'));
  const installed = join(folder, 'node_modules', NAME);
  await mkdir(installed, { recursive: true });
  const tsc = join(PROJECT, 'node_modules', '.bin', 'tsc');
  await run(tsc, ['-p', PACKAGE, '--outDir', join(installed, 'dist')]);
  await writeFile(join(installed, 'package.json'), await readFile(join(PACKAGE, 'package.json')));
  await symlink(join(PROJECT, 'node_modules', '@microsoft'), join(folder, 'node_modules', '@microsoft'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('runs in Node.js as it is', async () => {
  const key = await front.createKey();
  await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
  const program = `
    import { ConduitSignalRService } from '${NAME}';
    const service = new ConduitSignalRService({ apiBaseUrl: process.argv[2], virtualKey: process.argv[3] });
    await service.subscribeToTask('t', { onStarted: (type) => console.log('started', type) });
    console.log(service.getTransport('tasks'));
    await service.disconnectAll();
  `;
  await writeFile(join(folder, 'program.js'), program);
  const { stdout } = await run(process.execPath, ['program.js', front.url, key.key], { cwd: folder });
  expect(stdout).toBe('started x\nWebSockets\n');
});

test('has types, of which a bundler for pages and Node.js both make sense', async () => {
  const program = `
    import { ConduitSignalRService, type TaskProgressData, hubClient } from '${NAME}';
    const service = new ConduitSignalRService({ apiBaseUrl: 'https://example.com' });
    service.on('tasks', 'TaskProgress', (id: string, percent: number) => [id, percent]);
    service.on('a-hub-of-ones-own', 'Anything', (...all: unknown[]) => all);
    export const data: TaskProgressData = { taskId: 't', percentComplete: 1 };
    export const state: 'connected' | 'failed' | 'disconnected' | 'connecting' | 'reconnecting' =
      service.getConnectionState('tasks');
    export const answer: Promise<number> = hubClient(service, 'webhooks').RequestStatistics('').then((s) => s.attempts);
  `;
  await writeFile(join(folder, 'types.ts'), program);
  const tsc = join(PROJECT, 'node_modules', '.bin', 'tsc');
  for (const options of [
    ['--module', 'nodenext', '--lib', 'es2024,dom'],
    ['--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2024,dom,dom.iterable'],
  ]) {
    const check = run(tsc, ['--noEmit', '--strict', '--target', 'es2024', '--types', '', ...options, 'types.ts'], {
      cwd: folder,
    });
    const { stdout } = await check.catch((error: { stdout: string }) => error);
    // The one mistake in it: there is no figure of that name.
    expect(stdout.trim().split('\n')).toEqual([expect.stringMatching(/types\.ts.*'attempts' does not exist/)]);
  }
});

test('puts into a bundle only what is used', async () => {
  const bundle = async (contents: string) => {
    const stdin = { contents, resolveDir: folder };
    const { outputFiles } = await build({
      stdin,
      bundle: true,
      write: false,
      format: 'esm',
      minify: true,
      logLevel: 'error',
    });
    return outputFiles[0]?.text ?? '';
  };
  const one = await bundle(`import { resolveHub } from '${NAME}'; console.log(resolveHub('tasks'));`);
  expect(one).not.toContain('HubConnection');
  expect(one.length).toBeLessThan(6_000);
  const nothing = await bundle(`import '${NAME}';`);
  expect(nothing.length).toBeLessThan(200);
});

test('has a file for pages, and one for components, which are small and share the client', async () => {
  const [client, components] = await Promise.all([bundleClient(), bundleComponents()]);
  expect(gzipSync(client).length).toBeLessThan(30_000);
  expect(gzipSync(components).length).toBeLessThan(13_000);
  for (const text of [client, components]) expect(text).toMatch(/^\/\*! .*MIT/);
  expect(components).not.toContain('HubConnectionBuilder');
  expect(components).not.toContain('negotiateVersion');
});

test('its components may be imported where there is no page', async () => {
  const program = `
    import { ConduitTaskProgress } from '${NAME}/components';
    console.log(ConduitTaskProgress.observedAttributes.join());
  `;
  await writeFile(join(folder, 'server.js'), program);
  const { stdout } = await run(process.execPath, ['server.js'], { cwd: folder });
  expect(stdout).toBe('task-id,label\n');
});

test('publishes its files, and no others', async () => {
  const entries = await readdir(join(folder, 'node_modules', NAME, 'dist'), { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['index.js', 'index.d.ts', 'service.js', 'contract.d.ts']));
  expect(names.every((name) => /\.(js|d\.ts)$/.test(name))).toBe(true);
});
