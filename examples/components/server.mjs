// Serves the pages under a strict policy, gives them tokens, and tells Conduit what their buttons say.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { plays } from './plays.mjs';

const PAGES = new URL('pages/', import.meta.url);

/** What stands in the pages for where Conduit is. */
const PLACEHOLDER = 'https://conduit.example.com';

/** @typedef {{ status: number, type?: string, body?: string }} Answer */

/** @type {Record<string, string>} */
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css', js: 'text/javascript' };

/**
 * Nothing inline, and nothing from anywhere but here and Conduit.
 *
 * @param {string} conduit
 */
export function policy(conduit) {
  const socket = conduit.replace(/^http/, 'ws');
  return [
    "default-src 'none'",
    `script-src 'self' ${conduit}`,
    "style-src 'self'",
    `connect-src 'self' ${conduit} ${socket}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/**
 * @param {{ conduit: string, key: { id: string, key: string }, masterKey: string }} site where Conduit is, whose pages these
 *   are, and what their backend sends events with
 */
export function pagesServer({ conduit, key, masterKey }) {
  /** @param {string} type @param {object} data */
  const tell = async (type, data) => {
    const forEverybody = /^(Provider|System|Service|Model)/.test(type);
    const event = { specversion: '1.0', id: crypto.randomUUID(), source: '/components', type, data };
    const response = await fetch(`${conduit}/v1/events`, {
      method: 'POST',
      headers: { 'x-master-key': masterKey, 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify(forEverybody ? event : { ...event, virtualkeyid: key.id }),
    });
    if (!response.ok) throw new Error(`${type}: ${await response.text()}`);
  };

  /** @type {Record<string, (query: URLSearchParams) => Promise<Answer>>} */
  const answers = {
    // A site would look at its own session here, and say what the token is good for.
    'GET /token': async () => {
      const response = await fetch(`${conduit}/v1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ttlSeconds: 600 }),
      });
      return { status: response.status, type: 'application/json', body: await response.text() };
    },
    ...Object.fromEntries(
      Object.entries(plays).map(([name, play]) => [
        `POST /play/${name}`,
        async (query) => {
          await play(tell, query.get('taskId') ?? 'render-42');
          return { status: 204 };
        },
      ]),
    ),
  };

  /** @param {string} path @returns {Promise<Answer>} */
  const file = async (path) => {
    const name = path === '/' ? 'index.html' : path.slice(1);
    if (!/^[a-z-]+\.(html|css|js)$/.test(name)) return { status: 404 };
    const text = await readFile(new URL(name, PAGES), 'utf8').catch(() => undefined);
    if (text === undefined) return { status: 404 };
    return {
      status: 200,
      type: TYPES[name.split('.')[1] ?? ''] ?? 'text/plain',
      body: text.replaceAll(PLACEHOLDER, conduit),
    };
  };

  return createServer(async (request, response) => {
    const [path = '/', query] = (request.url ?? '/').split('?');
    const answer = answers[`${request.method} ${path}`] ?? (() => file(path));
    const { status, type, body } = await answer(new URLSearchParams(query)).catch((error) => ({
      status: 502,
      type: 'text/plain',
      body: error.message,
    }));
    response.writeHead(status, {
      'content-security-policy': policy(conduit),
      'x-content-type-options': 'nosniff',
      ...(type === undefined ? {} : { 'content-type': type }),
    });
    response.end(body);
  });
}
