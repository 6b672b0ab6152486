// `.dev.vars`: the secrets and settings of this clone's local Worker, which wrangler reads.

import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { say } from '../setup/command.mjs';
import { PROJECT } from '../setup/places.mjs';

const FILE = join(PROJECT, '.dev.vars');

/** Fresh values of the secrets that every deployment needs. */
export const SECRETS = {
  MASTER_KEY: () => `condt_master_${randomBytes(24).toString('base64url')}`,
  TOKEN_SIGNING_KEY: () => randomBytes(32).toString('base64url'),
};

/**
 * Locally, a page of any origin may connect, an address may fail as often as it likes, and the door for Azure's SDKs is
 * open: a deployment opens it by setting its key.
 */
const SETTINGS = {
  ALLOWED_ORIGINS: () => '*',
  AUTH_FAILURES_PER_MINUTE: () => '0',
  AZURE_ACCESS_KEY: () => randomBytes(32).toString('base64'),
};

/** Adds what is missing, leaves what somebody wrote there, and returns all of it. */
export async function ensureDevVars() {
  const text = await readFile(FILE, 'utf8').catch(() => '');
  const vars = parse(text);
  const added = [];
  for (const [name, make] of Object.entries({ ...SECRETS, ...SETTINGS })) {
    if (name in vars) continue;
    vars[name] = make();
    added.push(`${name}="${vars[name]}"\n`);
  }
  if (added.length > 0) {
    const separator = text === '' || text.endsWith('\n') ? '' : '\n';
    await writeFile(FILE, text + separator + added.join(''), { mode: 0o600 });
    say('.dev.vars: written, with random secrets');
  }
  await chmod(FILE, 0o600);
  return vars;
}

function parse(text) {
  const vars = {};
  for (const line of text.split('\n')) {
    const [, name, quoted, plain] = line.match(/^\s*([A-Z_][A-Z0-9_]*)\s*=\s*(?:"(.*)"|(.*?))\s*$/) ?? [];
    if (name) vars[name] = quoted ?? plain;
  }
  return vars;
}
