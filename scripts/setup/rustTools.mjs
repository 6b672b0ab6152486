// The compiled tools of the WebAssembly build: worker-build and wasm-bindgen, from the crate registry.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installOnce } from './cachedInstall.mjs';
import { CannotGoOn } from './cannotGoOn.mjs';
import { ask, mustStep } from './command.mjs';
import { CACHE, PROJECT } from './places.mjs';
import { CARGO_DENY, WASM_BINDGEN, WORKER_BUILD } from './versions.mjs';

/** Returns the paths of the two programs. */
export async function ensureRustTools() {
  await checkRust();
  await checkWasmBindgenVersion();
  return {
    workerBuild: await ensureCrate('worker-build', WORKER_BUILD, 'worker-build'),
    wasmBindgen: await ensureCrate('wasm-bindgen-cli', WASM_BINDGEN, 'wasm-bindgen'),
  };
}

/** Checks licences and sources; only for the long run, as it takes minutes to compile. */
export function ensureCargoDeny() {
  return ensureCrate('cargo-deny', CARGO_DENY, 'cargo-deny');
}

async function checkRust() {
  if ((await ask('cargo', ['--version'])).code === 0) return;
  throw new CannotGoOn('Rust is needed: install the stable toolchain with rustup and run this again.');
}

/** wasm-bindgen's program and crate speak a private format that changes with every version. */
async function checkWasmBindgenVersion() {
  const lock = await readFile(join(PROJECT, 'Cargo.lock'), 'utf8').catch(() => '');
  const locked = lock.match(/name = "wasm-bindgen"\nversion = "(.+)"/)?.[1];
  if (locked === undefined || locked === WASM_BINDGEN) return;
  throw new CannotGoOn(
    `Cargo.lock has wasm-bindgen ${locked}, but the build uses ${WASM_BINDGEN}: run \`cargo update -p wasm-bindgen --precise ${WASM_BINDGEN}\`, or change WASM_BINDGEN in scripts/setup/versions.mjs to a version that worker-build ${WORKER_BUILD} knows.`,
  );
}

async function ensureCrate(crate, version, program) {
  const folder = join(CACHE, `${crate}-${version}`);
  const path = join(folder, 'bin', program);
  await installOnce(
    folder,
    crate,
    () => answers(path, version),
    async (unfinished) => {
      const args = ['install', '--locked', '--root', unfinished, '--version', version, '--bin', program, crate];
      await mustStep(`compiling ${crate} ${version} (once, a minute or two)`, 'cargo', args, {
        // Not the clone's folder: its cargo configuration has no say in how tools are built.
        cwd: CACHE,
        env: { ...withoutBuildSettings(process.env), ...QUICK_TO_COMPILE },
      });
    },
  );
  return path;
}

/** Optimised, they take three times as long to compile, and save under three seconds of a build. */
const QUICK_TO_COMPILE = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '0',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_DEBUG: '0',
};

async function answers(path, version) {
  const { code, stdout } = await ask(path, ['--version']);
  return code === 0 && stdout.includes(version);
}

/** What somebody set for building the project does not hold for its tools. */
function withoutBuildSettings(env) {
  const { CARGO_TARGET_DIR, CARGO_BUILD_TARGET, RUSTFLAGS, ...rest } = env;
  return rest;
}
