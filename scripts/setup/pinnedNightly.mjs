// A dated nightly in a RUSTUP_HOME of its own, so that the user's toolchains stay as they are.

import { readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { installOnce } from './cachedInstall.mjs';
import { ask, step } from './command.mjs';
import { CACHE } from './places.mjs';
import { NIGHTLY } from './versions.mjs';

const RUSTUP_HOME = join(CACHE, `rustup-${NIGHTLY}`);

const COMPONENTS = ['rust-src', 'clippy', 'rust-std-wasm32-unknown-unknown'];

/** Not everybody can reach rustup's server, and rustup alone would try for minutes. Counts silence, not slowness. */
const NO_ANSWER_SECONDS = 15;

export async function find() {
  if (!(await isComplete())) return `${NIGHTLY} is not installed`;
  await nameItNightly();
  const env = { RUSTUP_HOME, RUSTUP_TOOLCHAIN: 'nightly' };
  const { stdout: version } = await ask('rustc', ['+nightly', '--version'], { env: { ...process.env, ...env } });
  return { version: version.trim(), env, clippyEnv: env };
}

export function install() {
  return installOnce(RUSTUP_HOME, NIGHTLY, isComplete, download);
}

async function download(unfinished) {
  const args = ['toolchain', 'install', NIGHTLY, '--profile', 'minimal', '--no-self-update'];
  args.push('--component', 'rust-src,clippy', '--target', 'wasm32-unknown-unknown');
  const { code } = await step(`installing ${NIGHTLY} beside your toolchains (once, 800 MB)`, 'rustup', args, {
    env: {
      ...process.env,
      RUSTUP_HOME: unfinished,
      RUSTUP_DOWNLOAD_TIMEOUT: String(NO_ANSWER_SECONDS),
      RUSTUP_MAX_RETRIES: '0',
    },
  });
  return code === 0 ? undefined : `rustup could not download ${NIGHTLY}`;
}

async function isComplete() {
  const toolchain = await datedToolchain();
  if (!toolchain) return false;
  const path = join(RUSTUP_HOME, 'toolchains', toolchain, 'lib/rustlib/components');
  const installed = await readFile(path, 'utf8').catch(() => '');
  return COMPONENTS.every((component) => installed.split('\n').some((line) => line.startsWith(component)));
}

async function datedToolchain() {
  const names = await readdir(join(RUSTUP_HOME, 'toolchains')).catch(() => []);
  return names.find((name) => name.startsWith(`${NIGHTLY}-`));
}

/** worker-build says `cargo +nightly`, and `rustup toolchain link` refuses that name: it is for rustup's own. */
async function nameItNightly() {
  const dated = await datedToolchain();
  const name = dated.replace(NIGHTLY, 'nightly');
  await symlink(dated, join(RUSTUP_HOME, 'toolchains', name)).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
