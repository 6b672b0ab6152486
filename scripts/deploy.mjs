// `npm run deploy`: the Worker, its key-value namespace, its queues and its secrets, on Cloudflare.
//
//     npm run deploy [-- --dry-run] [-- --env name …]      options go to `wrangler deploy`

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { authFailuresDisagreement } from './checks/authFailures.mjs';
import { SECRETS } from './local/devVars.mjs';
import { CannotGoOn } from './setup/cannotGoOn.mjs';
import { ask, mustStep, StepFailed } from './setup/command.mjs';
import { entry } from './setup/entry.mjs';
import { npmCommand, PROJECT } from './setup/places.mjs';
import { buildWorker } from './setup/workerBuild.mjs';

/** What wrangler says of a Worker that is not there yet: it keeps the error's code to itself. */
const NO_SUCH_WORKER = /Worker ".+" not found/;

/** And of a queue. */
const NO_SUCH_QUEUE = /Queue ".+" does not exist/;

process.env.WRANGLER_SEND_METRICS = 'false';

await entry(async (args) => {
  await checkAuthFailures(environmentOf(args));
  if (args.includes('--dry-run')) {
    await buildWorker();
    return wranglerDeploy(args);
  }
  await checkLogin();
  const missing = await missingSecrets(args);
  await makeMissingQueues(environmentOf(args));
  await buildWorker();
  const secrets = Object.fromEntries(missing.map((name) => [name, SECRETS[name]()]));
  const code = await withSecretsFile(secrets, (options) => wranglerDeploy([...args, ...options]));
  // wrangler may fail after the upload (a route, a domain), when the key is in force already.
  if (secrets.MASTER_KEY && (code === 0 || !(await missingSecrets(args)).includes('MASTER_KEY'))) {
    console.log(`\nThe master key, shown this once: ${secrets.MASTER_KEY}\n`);
  }
  return code;
});

/** What wrangler.toml says, of an environment if one is named. */
async function configOf(options) {
  const config = parse(await readFile(join(PROJECT, 'wrangler.toml'), 'utf8'));
  const environment = options.at(-1)?.replace('--env=', '');
  return environment === undefined ? config : config.env?.[environment];
}

/** wrangler makes namespaces by itself, but not queues. */
async function makeMissingQueues(options) {
  for (const { queue } of (await configOf(options))?.queues?.producers ?? []) {
    const info = await ask(npmCommand('wrangler'), ['queues', 'info', queue], { cwd: PROJECT });
    if (info.code === 0) continue;
    if (!NO_SUCH_QUEUE.test(info.stdout + info.stderr)) {
      process.stderr.write(info.stdout + info.stderr);
      throw new StepFailed(`wrangler could not look at the queue ${queue}; what it said is above.`);
    }
    await mustStep(`making the queue ${queue}`, npmCommand('wrangler'), ['queues', 'create', queue], { cwd: PROJECT });
  }
}

/** A limit that half of what counts does not know of is none. */
async function checkAuthFailures(options) {
  const disagreement = authFailuresDisagreement(await configOf(options));
  if (disagreement !== undefined) throw new CannotGoOn(disagreement);
}

async function checkLogin() {
  if (process.env.CLOUDFLARE_API_TOKEN) return;
  const { stdout, code } = await ask(npmCommand('wrangler'), ['whoami'], { cwd: PROJECT });
  if (code === 0 && !stdout.includes('not authenticated')) return;
  throw new CannotGoOn(
    'There is no Cloudflare account to deploy to: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.',
  );
}

/** A secret that is set is never changed: everybody's tokens and the operator's key hang on them. */
async function missingSecrets(args) {
  const list = await ask(npmCommand('wrangler'), ['secret', 'list', '--format', 'json', ...environmentOf(args)], {
    cwd: PROJECT,
  });
  if (list.code !== 0) {
    if (NO_SUCH_WORKER.test(list.stdout + list.stderr)) return Object.keys(SECRETS);
    process.stderr.write(list.stdout + list.stderr);
    throw new StepFailed('wrangler could not list the secrets of the Worker; what it said is above.');
  }
  const present = JSON.parse(list.stdout).map(({ name }) => name);
  return Object.keys(SECRETS).filter((name) => !present.includes(name));
}

function environmentOf(args) {
  const index = args.findIndex((arg) => arg === '--env' || arg === '-e');
  return index < 0 ? args.filter((arg) => arg.startsWith('--env=')) : args.slice(index, index + 2);
}

/** Secrets go up with the code, in one step: there is never a Worker without them, not even the first time. */
async function withSecretsFile(secrets, deploy) {
  if (Object.keys(secrets).length === 0) return deploy([]);
  const folder = await mkdtemp(join(tmpdir(), 'conduit-edge-deploy-'));
  try {
    const file = join(folder, 'secrets.json');
    await writeFile(file, JSON.stringify(secrets), { mode: 0o600 });
    return await deploy(['--secrets-file', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** wrangler makes the namespace that wrangler.toml names without an id, and finds it again the next time. */
function wranglerDeploy(args) {
  const child = spawn(npmCommand('wrangler'), ['deploy', ...args], { cwd: PROJECT, stdio: 'inherit' });
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
}
