// Everything that `npm test` does, in order. Each check returns `{ ok, totals? }`.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBrowserFiles } from '../setup/clientBuild.mjs';
import { show, step } from '../setup/command.mjs';
import { buildDashboard } from '../setup/dashboardBuild.mjs';
import { npmCommand, PROJECT } from '../setup/places.mjs';
import { ensureCargoDeny } from '../setup/rustTools.mjs';
import { ensureWasmToolchain } from '../setup/wasmToolchain.mjs';
import { buildWorker, WASM_TARGET } from '../setup/workerBuild.mjs';
import { cargoTotals, conformanceTotals, vitestTotals } from './totals.mjs';

/** The Worker of the conformance tests, whose hub is written on signalr-durable as anybody's would be. */
export const TEST_WORKER = 'tests/worker';

/** The chat that shows how a hub is written. */
const CHAT = 'examples/chat';

/** What describes the contract is left out of the Worker, and tried here. */
const SCHEMA = ['--features', 'contract/schema'];

/** What Node.js runs the conformance cases with; a file of cases may follow. Older ones than 24 must be told of types. */
export const CONFORMANCE = [
  '--experimental-strip-types',
  '--disable-warning=ExperimentalWarning',
  'tests/conformance/run.ts',
];

/**
 * `name` and `group` are what `--only` takes; `needs` are checks without which this one makes no sense; `long` ones run
 * only with `--all`.
 */
export const CHECKS = [
  { name: 'format', group: 'lint', run: () => quiet('cargo', ['fmt', '--all', '--check']) },
  { name: 'biome', group: 'lint', run: biome },
  { name: 'types', group: 'lint', run: types },
  { name: 'clippy', group: 'lint', run: clippy },
  { name: 'cargo-test', group: 'test', run: cargoTest },
  {
    name: 'configuration-page',
    group: 'lint',
    run: () => quiet(process.execPath, ['scripts/configuration-page.mjs', '--check']),
  },
  {
    name: 'descriptions',
    group: 'lint',
    run: () => quiet(process.execPath, ['scripts/describe.mjs', '--check']),
  },
  {
    name: 'cli-page',
    group: 'lint',
    run: () => quiet(process.execPath, ['scripts/cli-page.mjs', '--check']),
  },
  { name: 'build', group: 'build', run: () => build('.') },
  { name: 'build-test-worker', group: 'build', run: () => build(TEST_WORKER) },
  { name: 'build-chat', group: 'build', run: () => build(CHAT) },
  { name: 'build-cli', group: 'build', run: () => quiet('cargo', ['build', '-p', 'conduit-cli']) },
  { name: 'clippy-wasm', group: 'lint', run: clippyForWasm },
  { name: 'vitest', group: 'test', needs: ['build', 'build-test-worker', 'build-chat', 'build-cli'], run: vitest },
  { name: 'rust-client', group: 'test', needs: ['build', 'build-test-worker'], run: rustClient },
  { name: 'conformance', group: 'test', needs: ['build-test-worker'], run: conformance },
  {
    name: 'deploy-dry-run',
    group: 'test',
    needs: ['build'],
    run: () => quiet(process.execPath, ['scripts/deploy.mjs', '--dry-run']),
  },
  // That it runs and that every event arrives once and in order; times are not judged here.
  {
    name: 'bench-quick',
    group: 'test',
    needs: ['build'],
    run: () => quiet(process.execPath, ['bench/run.mjs', '--quick']),
  },
  { name: 'cargo-deny', group: 'long', long: true, run: cargoDeny },
];

async function quiet(program, args, env = {}) {
  const title = [program.split('/').at(-1), ...args].join(' ');
  const result = await step(title, program, args, { cwd: PROJECT, env: { ...process.env, ...env } });
  if (result.code !== 0 || /^warning:/m.test(result.output)) process.stderr.write(result.output);
  return { ok: result.code === 0 };
}

/** Of all the tools, biome alone colours what goes into a file, even if told `NO_COLOR`. */
function biome() {
  return quiet(npmCommand('biome'), process.stderr.isTTY ? ['ci'] : ['ci', '--colors=off']);
}

/** What Node.js runs, and what browsers do: only these know the names of a page. */
async function types() {
  const outcomes = [];
  for (const project of [[], ['-p', 'clients/js'], ['-p', 'dashboard']]) {
    outcomes.push(await quiet(npmCommand('tsc'), [...project, '--noEmit']));
  }
  return { ok: outcomes.every(({ ok }) => ok) };
}

function clippy() {
  return quiet('cargo', ['clippy', '--workspace', '--all-targets', ...SCHEMA, '--', '-D', 'warnings']);
}

/**
 * What is compiled for the Worker only, and, with unwinding, whether closures handed to JavaScript may be unwound.
 *
 * Which pedantic lints there are differs by compiler, and this one by machine (see wasmToolchain.mjs): they are the
 * native run's. The user's own nightly may have other lints that nobody here has seen: they warn, and fail nothing.
 */
async function clippyForWasm() {
  const toolchain = await ensureWasmToolchain();
  // The release profile: macros and build scripts are then those of the build, compiled once.
  const args = ['+nightly', 'clippy', '--release', '--target', 'wasm32-unknown-unknown'];
  args.push('-p', 'conduit-edge', '-p', 'test-worker', '-p', 'chat', '--', '-A', 'clippy::pedantic');
  if (toolchain.way !== 'nightly') args.push('-D', 'warnings');
  return quiet('cargo', args, { ...toolchain.clippyEnv, CARGO_TARGET_DIR: WASM_TARGET });
}

async function cargoTest() {
  const args = ['test', '--workspace', '--no-fail-fast', ...SCHEMA];
  const { code, output } = await show('cargo', args, { cwd: PROJECT });
  return { ok: code === 0, totals: cargoTotals(output) };
}

/** What of the Rust client's tests needs the built Worker, and is left out of `cargo test` therefore. */
async function rustClient() {
  const args = ['test', '-p', 'conduit-client', '--test', 'against_worker', '--', '--ignored'];
  const { code, output } = await show('cargo', args, { cwd: PROJECT, env: { ...process.env, NODE: process.execPath } });
  return { ok: code === 0, totals: cargoTotals(output) };
}

async function build(crate) {
  await buildWorker(crate);
  if (crate === '.') {
    await buildBrowserFiles();
    await buildDashboard();
  }
  return { ok: true };
}

async function vitest() {
  const folder = await mkdtemp(join(tmpdir(), 'conduit-edge-vitest-'));
  try {
    const report = join(folder, 'report.json');
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { code } = await show(npmCommand('vitest'), args, { cwd: PROJECT });
    const totals = await readFile(report, 'utf8').then((text) => vitestTotals(JSON.parse(text)));
    return { ok: code === 0, totals };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function conformance() {
  const { code, output } = await show(process.execPath, CONFORMANCE, { cwd: PROJECT });
  return { ok: code === 0, totals: conformanceTotals(output) };
}

async function cargoDeny() {
  return quiet(await ensureCargoDeny(), ['check', 'licenses', 'bans', 'sources']);
}
