// The dashboard among the assets of the Worker: `public/index.html`, and what it loads in `public/dashboard`.

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { say } from './command.mjs';
import { PROJECT } from './places.mjs';

const SOURCE = join(PROJECT, 'dashboard');
const PUBLIC = join(PROJECT, 'public');
const FOLDER = join(PUBLIC, 'dashboard');
const ICON = 'icon.svg';

const NOTICE = `/*! Conduit Edge's dashboard, MIT OR Apache-2.0. With @microsoft/signalr (.NET Foundation and contributors), preact and
@preact/signals (Jason Miller and contributors) and uPlot (Leon Sorokin), all MIT. */`;

/** Bundles it. The names of files change with what is in them, so that browsers keep them for good. */
export async function buildDashboard() {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: { dashboard: join(SOURCE, 'main.tsx') },
    outdir: FOLDER,
    entryNames: '[name]-[hash]',
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    banner: { js: NOTICE },
    logLevel: 'warning',
  });
  await mkdir(FOLDER, { recursive: true });
  let page = await readFile(join(SOURCE, 'index.html'), 'utf8');
  const names = [ICON];
  for (const { path, contents, text } of outputFiles) {
    const name = basename(path);
    names.push(name);
    await writeFile(path, contents);
    page = page.replace(name.endsWith('.css') ? '{style}' : '{script}', `/dashboard/${name}`);
    say(`the dashboard: ${name} ${kilobytes(text)} kB, ${kilobytes(gzipSync(contents))} kB compressed`);
  }
  await copyFile(join(SOURCE, ICON), join(FOLDER, ICON));
  // What it names is there, and what the one before named may go.
  await writeFile(join(PUBLIC, 'index.html'), page);
  const old = (await readdir(FOLDER)).filter((name) => !names.includes(name));
  await Promise.all(old.map((name) => rm(join(FOLDER, name), { force: true })));
}

const kilobytes = ({ length }) => (length / 1000).toFixed(0);
