// One run of worker-build, skipped when nothing changed since the last.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { mustStep, say } from './command.mjs';
import { withLock } from './folderLock.mjs';
import { npmCommand, PROJECT } from './places.mjs';
import { ensureRustTools } from './rustTools.mjs';
import { WASM_BINDGEN, WORKER_BUILD } from './versions.mjs';
import { removeNames } from './wasmNames.mjs';
import { ensureWasmToolchain } from './wasmToolchain.mjs';

/** Apart from `target/`, where native builds and tests hold cargo's lock and have other flags. */
export const WASM_TARGET = join(PROJECT, 'target', 'wasm');

/** Builds that still had them are made anew. */
const WITHOUT_NAMES = 'without names';

/** Builds the Worker of the crate in `crate` (relative to the project) into its folder `build/`. */
export async function buildWorker(crate = '.') {
  const folder = resolve(PROJECT, crate);
  const out = join(folder, 'build');
  const name = relative(PROJECT, folder) || 'the Worker';
  const toolchain = await ensureWasmToolchain();
  const tools = await ensureRustTools();

  await withLock(join(WASM_TARGET, 'build.lock'), `it builds ${name}`, async () => {
    const identity = [toolchain.version, WORKER_BUILD, WASM_BINDGEN, await npmVersions(), WITHOUT_NAMES].join('\n');
    if (await isUpToDate(out, identity)) {
      say(`${name}: unchanged, ${await size(out)}`);
      return;
    }
    await rm(stampOf(out), { force: true });
    const startedAt = Date.now();
    await mustStep(`building ${name} with ${toolchain.version}`, tools.workerBuild, ['--release', '--panic-unwind'], {
      cwd: folder,
      env: { ...process.env, ...toolEnvironment(toolchain, tools) },
    });
    await removeNames(join(out, 'index_bg.wasm'));
    await writeStamp(out, folder, identity, startedAt);
    say(`${name}: ${await size(out)}`);
  });
}

/** With these worker-build downloads nothing. */
function toolEnvironment(toolchain, tools) {
  return {
    ...toolchain.env,
    // What the compiler says is above worker-build's own error; where in worker-build it arose interests nobody.
    RUST_BACKTRACE: '0',
    CARGO_TARGET_DIR: WASM_TARGET,
    WASM_BINDGEN_BIN: tools.wasmBindgen,
    WASM_OPT_BIN: npmCommand('wasm-opt'),
    ESBUILD_BIN: npmCommand('esbuild'),
  };
}

async function npmVersions() {
  const { devDependencies } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'));
  return `binaryen ${devDependencies.binaryen}, esbuild ${devDependencies.esbuild}`;
}

async function size(out) {
  const wasm = await readFile(join(out, 'index_bg.wasm'));
  const kilobytes = (bytes) => `${Math.round(bytes / 1000).toLocaleString('en')} kB`;
  return `${kilobytes(wasm.length)} of WebAssembly, ${kilobytes(gzipSync(wasm).length)} with gzip`;
}

// The stamp: which files went into the build, and the hash of them and the tools. It lies beside the output and is
// written last, so that an interrupted build is done again.

function stampOf(out) {
  return join(out, '.built.json');
}

async function isUpToDate(out, identity) {
  try {
    const stamp = JSON.parse(await readFile(stampOf(out), 'utf8'));
    if (!existsSync(join(out, 'index.js')) || !existsSync(join(out, 'index_bg.wasm'))) return false;
    return stamp.hash === (await hashOf(stamp.files, identity));
  } catch {
    return false;
  }
}

async function writeStamp(out, folder, identity, startedAt) {
  const files = await inputsOf(folder);
  // What was edited meanwhile may have come too late: the next build begins anew.
  for (const file of files) if ((await stat(join(PROJECT, file))).mtimeMs >= startedAt) return;
  await mkdir(out, { recursive: true });
  await writeFile(stampOf(out), JSON.stringify({ hash: await hashOf(files, identity), files }, null, 2));
}

async function hashOf(files, identity) {
  const hash = createHash('sha256').update(identity);
  for (const file of files) hash.update(file).update(await readFile(join(PROJECT, file)));
  return hash.digest('hex');
}

/**
 * The files of the last build, relative to the project: cargo's own list (it knows what `include_str!` reads), the
 * manifest of every crate among them, and the lock file. A new file counts as soon as one of these mentions it.
 */
async function inputsOf(folder) {
  const manifest = await readFile(join(folder, 'Cargo.toml'), 'utf8');
  const library = manifest.match(/^name = "(.+)"/m)[1].replaceAll('-', '_');
  const list = await readFile(join(WASM_TARGET, 'wasm32-unknown-unknown/release', `${library}.d`), 'utf8');
  const sources = list
    .split(/(?<!\\)\s+/)
    .slice(1)
    .filter(Boolean)
    .map((path) => path.replaceAll('\\ ', ' '));
  const files = new Set([join(PROJECT, 'Cargo.toml'), join(PROJECT, 'Cargo.lock')]);
  for (const source of sources) {
    if (!source.startsWith(PROJECT)) continue;
    files.add(source);
    files.add(nearestManifest(dirname(source)));
  }
  return [...files].map((path) => relative(PROJECT, path)).sort();
}

function nearestManifest(folder) {
  const path = join(folder, 'Cargo.toml');
  return existsSync(path) ? path : nearestManifest(dirname(folder));
}
