// A Rust compiler that can build its standard library from source, for WebAssembly with unwinding panics.
//
// Unwinding keeps one Durable Object's panic to itself; the ready-made standard library of the target aborts. So
// worker-build calls `cargo +nightly -Zbuild-std`, and what serves it is found or made here, without ever touching the
// toolchains that the user has.

import { CannotGoOn } from './cannotGoOn.mjs';
import { say } from './command.mjs';
import * as debian from './debianToolchain.mjs';
import * as nightly from './ownNightly.mjs';
import * as pinned from './pinnedNightly.mjs';

/**
 * In order of preference. `find()` returns a toolchain, or a string: why it is not there. `install()`, where there is
 * one, returns nothing, or why it can't.
 */
const WAYS = { nightly, pinned, debian };

/**
 * Returns `{ way, version, env, clippyEnv }`: `env` is to be merged into the environment of `cargo +nightly` and
 * worker-build, `clippyEnv` into that of `cargo +nightly clippy`.
 *
 * `CONDUIT_EDGE_TOOLCHAIN=nightly|pinned|debian` allows one way only.
 */
export async function ensureWasmToolchain() {
  const forced = process.env.CONDUIT_EDGE_TOOLCHAIN;
  if (forced && !WAYS[forced]) {
    throw new CannotGoOn(`CONDUIT_EDGE_TOOLCHAIN is "${forced}": it must be ${Object.keys(WAYS).join(', ')} or unset.`);
  }
  const ways = Object.entries(WAYS).filter(([way]) => !forced || way === forced);
  const reasons = [];
  // All that is there comes before anything that must be fetched: where rustup's server does not answer, finding that
  // out takes longer than all the rest of a start.
  for (const [way, { find, install }] of ways) {
    const found = await find();
    if (typeof found !== 'string') return { way, ...found };
    if (!install) reasons.push(found);
  }
  for (const [way, { find, install }] of ways) {
    if (!install) continue;
    const found = (await install()) ?? (await find());
    if (typeof found !== 'string') return { way, ...found };
    say(`toolchain: ${found}`);
    reasons.push(found);
  }
  throw new CannotGoOn(
    `No Rust compiler with the sources of its standard library could be had (${reasons.join('; ')}): run \`rustup toolchain install nightly --component rust-src,clippy --target wasm32-unknown-unknown\` where rustup's server can be reached, and then this again.`,
  );
}
