// The JavaScript client and the components as one file each for pages. The client's needs nothing, and sets
// `window.ConduitSignalRService` and `window.conduitSignalR`; the components' uses it.

import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../clients/js/src/', import.meta.url));

const NOTICE = "Conduit Edge's client, MIT OR Apache-2.0.";
const WITH_SIGNALR = 'With @microsoft/signalr, MIT, (c) .NET Foundation and contributors.';

/** @returns {Promise<string>} its text */
export function bundleClient() {
  return bundle('browser.ts', `${NOTICE} ${WITH_SIGNALR}`);
}

/** @returns {Promise<string>} its text, without the client */
export function bundleComponents() {
  return bundle('components/browser.ts', NOTICE);
}

/**
 * @param {string} entry below `clients/js/src`
 * @param {string} notice of licences
 */
async function bundle(entry, notice) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [SOURCES + entry],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    banner: { js: `/*! ${notice} */` },
    logLevel: 'warning',
  });
  return outputFiles.map(({ text }) => text).join('');
}
