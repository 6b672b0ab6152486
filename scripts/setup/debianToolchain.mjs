// Debian's compiler, whose packages have the sources of its standard library.
//
// A stable compiler takes unstable flags when RUSTC_BOOTSTRAP is set. worker-build asks for `cargo +nightly` and asks
// rustup what is installed: wrappers of these names, first on PATH for its calls only, make it find Debian's.

import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ask, step } from './command.mjs';
import { CACHE } from './places.mjs';

const PACKAGES = ['rustc-web', 'cargo-web', 'rust-web-src', 'rust-web-clippy', 'lld-22'];

const NOT_INSTALLED = `Debian's packages ${PACKAGES.join(', ')} are not installed`;

const LINKER = 'wasm-ld-22';

/** What of the packages the build needs, to tell whether they are there on any system that looks like Debian. */
const NEEDED_FILES = [
  '/usr/bin/rustc',
  '/usr/bin/cargo',
  '/usr/bin/cargo-clippy',
  `/usr/bin/${LINKER}`,
  '/usr/lib/rustlib/src/rust/library/std/Cargo.toml',
];

const OLDEST_MINOR = 91;

const WRAPPERS = {
  cargo: wrapper('cargo'),
  // worker-build wants the folder of the target's ready-made library to exist, though it will not use it.
  rustc: wrapper('rustc', `[ "$*" = '--target wasm32-unknown-unknown --print target-libdir' ] && exec dirname "$0"`),
  // Cargo looks for its subcommands along PATH, where rustup's would come first.
  'cargo-clippy': wrapper('cargo-clippy'),
  'clippy-driver': wrapper('clippy-driver'),
  rustup: `#!/bin/sh
# All that worker-build wants is there already; whatever it asks, it is told so.
echo 'rust-src (installed)'
echo 'rust-std-wasm32-unknown-unknown (installed)'
`,
};

function wrapper(program, special = '') {
  return `#!/bin/sh
case "$1" in +*) shift ;; esac
${special}
RUSTC_BOOTSTRAP=1 exec /usr/bin/${program} "$@"
`;
}

export async function find() {
  if (!isInstalled()) return NOT_INSTALLED;
  const { stdout } = await ask('/usr/bin/rustc', ['--version']);
  const version = stdout.trim();
  const minor = Number(version.match(/^rustc 1\.(\d+)/)?.[1]);
  if (!(minor >= OLDEST_MINOR)) return `the system's Rust is older than 1.${OLDEST_MINOR}`;

  const folder = await writeWrappers();
  const env = {
    PATH: [folder, process.env.PATH].join(delimiter),
    // The target's default linker is a program that only rustup's toolchains bring.
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: LINKER,
  };
  // Clippy needs the target's library as well. There is none ready, so it builds the one that the Worker has.
  const clippyEnv = {
    ...env,
    CARGO_UNSTABLE_BUILD_STD: 'std,panic_unwind',
    RUSTFLAGS: `${process.env.RUSTFLAGS ?? ''} -Cpanic=unwind`.trim(),
  };
  return { version, env, clippyEnv };
}

function isInstalled() {
  return NEEDED_FILES.every((path) => existsSync(path));
}

export async function install() {
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) return NOT_INSTALLED;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const update = await step("refreshing Debian's list of packages", 'apt-get', ['update', '-q'], { env });
  if (update.code !== 0) return `${NOT_INSTALLED}, and \`apt-get update\` failed`;
  const args = ['install', '-q', '-y', '--no-install-recommends', ...PACKAGES];
  const installed = await step("installing Debian's Rust (once)", 'apt-get', args, { env });
  return installed.code === 0 && isInstalled() ? undefined : `${NOT_INSTALLED}, and \`apt-get install\` failed`;
}

/** Each is renamed into place, so that a build of another clone never runs half a script. */
async function writeWrappers() {
  const folder = join(CACHE, 'debian-rust', 'bin');
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(WRAPPERS)) {
    const path = join(folder, name);
    if ((await readFile(path, 'utf8').catch(() => '')) === text) continue;
    const unfinished = `${path}.unfinished-${process.pid}`;
    await writeFile(unfinished, text);
    await chmod(unfinished, 0o755);
    await rename(unfinished, path);
  }
  return folder;
}
