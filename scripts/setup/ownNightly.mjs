// The user's own `nightly`, as it is.

import { ask } from './command.mjs';

/** The `rust-version` of the workspace: an older nightly can't build it. */
const OLDEST_MINOR = 91;

/** What worker-build would else install into it, and what checks the result. */
const COMPONENTS = ['rust-src', 'rust-std-wasm32-unknown-unknown', 'clippy'];

/** The user's nightly if it has all that is needed: it is never modified, and one without `rust-src` is common. */
export async function find() {
  const list = await ask('rustup', ['component', 'list', '--toolchain', 'nightly', '--installed']);
  if (list.code !== 0) return 'there is no nightly toolchain';
  const installed = list.stdout.split('\n');
  const missing = COMPONENTS.filter((component) => !installed.some((line) => line.startsWith(component)));
  if (missing.length > 0) return `the nightly toolchain lacks ${missing.join(' and ')}`;

  const { stdout: version } = await ask('rustc', ['+nightly', '--version']);
  const minor = Number(version.match(/^rustc 1\.(\d+)/)?.[1]);
  if (!(minor >= OLDEST_MINOR)) return `the nightly toolchain is older than Rust 1.${OLDEST_MINOR}`;

  // worker-build asks plain `rustc` too, and would add the target to the user's stable toolchain.
  const env = { RUSTUP_TOOLCHAIN: 'nightly' };
  return { version: version.trim(), env, clippyEnv: env };
}
