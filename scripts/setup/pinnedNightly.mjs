// A dated nightly in a RUSTUP_HOME of its own, so that the user's toolchains stay as they are.

import { mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ask, step } from './command.mjs';
import { withLock } from './folderLock.mjs';
import { CACHE } from './places.mjs';
import { NIGHTLY } from './versions.mjs';

const RUSTUP_HOME = join(CACHE, `rustup-${NIGHTLY}`);

const COMPONENTS = ['rust-src', 'clippy', 'rust-std-wasm32-unknown-unknown'];

/** Not everybody can reach rustup's server, and rustup alone would try for minutes. Counts silence, not slowness. */
const NO_ANSWER_SECONDS = 15;

export async function pinnedNightly() {
  if (!(await isComplete(RUSTUP_HOME))) {
    const problem = await withLock(`${RUSTUP_HOME}.lock`, `it installs ${NIGHTLY}`, install);
    if (problem) return problem;
  }
  await nameItNightly();
  const env = { RUSTUP_HOME, RUSTUP_TOOLCHAIN: 'nightly' };
  const { stdout: version } = await ask('rustc', ['+nightly', '--version'], { env: { ...process.env, ...env } });
  return { version: version.trim(), env, clippyEnv: env };
}

async function install() {
  if (await isComplete(RUSTUP_HOME)) return undefined;
  const unfinished = `${RUSTUP_HOME}.unfinished-${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
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
    if (code !== 0) return `rustup could not download ${NIGHTLY}`;
    await rm(RUSTUP_HOME, { recursive: true, force: true });
    await rename(unfinished, RUSTUP_HOME);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return undefined;
}

async function isComplete(home) {
  const toolchain = await datedToolchain(home);
  if (!toolchain) return false;
  const path = join(home, 'toolchains', toolchain, 'lib/rustlib/components');
  const installed = await readFile(path, 'utf8').catch(() => '');
  return COMPONENTS.every((component) => installed.split('\n').some((line) => line.startsWith(component)));
}

async function datedToolchain(home) {
  const names = await readdir(join(home, 'toolchains')).catch(() => []);
  return names.find((name) => name.startsWith(`${NIGHTLY}-`));
}

/** worker-build says `cargo +nightly`, and `rustup toolchain link` refuses that name: it is for rustup's own. */
async function nameItNightly() {
  const dated = await datedToolchain(RUSTUP_HOME);
  const name = dated.replace(NIGHTLY, 'nightly');
  await symlink(dated, join(RUSTUP_HOME, 'toolchains', name)).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
