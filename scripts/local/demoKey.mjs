// The virtual key `demo` of the local Worker.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StepFailed } from '../setup/command.mjs';
import { PROJECT } from '../setup/places.mjs';

const NAME = 'demo';

/** A key is shown once, when it is made; so it is kept here, beside the state of the Worker that knows it. */
const FILE = join(PROJECT, '.wrangler', 'demo-key');

/** Returns `{ id, key }`: the one of an earlier start if the Worker still has it, else a new one. */
export async function ensureDemoKey(address, masterKey) {
  const kept = await readFile(FILE, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  if (kept && (await exists(address, masterKey, kept.id))) return kept;

  const { id, key } = await ask(`${address}/v1/admin/keys`, masterKey, 201, {
    method: 'POST',
    body: JSON.stringify({ name: NAME, realtime: true }),
  });
  await mkdir(dirname(FILE), { recursive: true });
  await writeFile(FILE, JSON.stringify({ id, key }), { mode: 0o600 });
  return { id, key };
}

async function exists(address, masterKey, id) {
  let cursor;
  do {
    const query = cursor === undefined ? '' : `?after=${encodeURIComponent(cursor)}`;
    const page = await ask(`${address}/v1/admin/keys${query}`, masterKey, 200);
    if (page.items.some((item) => item.id === id && item.name === NAME)) return true;
    cursor = page.next;
  } while (cursor !== undefined && cursor !== null);
  return false;
}

async function ask(url, masterKey, expected, init = {}) {
  const headers = { 'x-master-key': masterKey, 'content-type': 'application/json' };
  const response = await fetch(url, { ...init, headers });
  if (response.status === expected) return response.json();
  throw new StepFailed(`${init.method ?? 'GET'} ${url} answers ${response.status}: ${await response.text()}`);
}
