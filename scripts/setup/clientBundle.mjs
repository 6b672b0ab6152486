// The JavaScript client as one file for pages: it needs nothing, and sets `window.ConduitSignalRService` and
// `window.conduitSignalR`.

import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../clients/js/src/browser.ts', import.meta.url));

const NOTICE = `/*! Conduit Edge's client, MIT OR Apache-2.0. With @microsoft/signalr, MIT, (c) .NET Foundation and contributors. */`;

/** @returns {Promise<string>} its text */
export async function bundleClient() {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    banner: { js: NOTICE },
    logLevel: 'warning',
  });
  return outputFiles.map(({ text }) => text).join('');
}
