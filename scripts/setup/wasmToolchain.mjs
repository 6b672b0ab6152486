// A Rust compiler that can build its standard library from source, for WebAssembly with unwinding panics.
//
// Unwinding keeps one Durable Object's panic to itself; the ready-made standard library of the target aborts. So
// worker-build calls `cargo +nightly -Zbuild-std`, and what serves it is found or made here, without ever touching the
// toolchains that the user has.

import { CannotGoOn } from './cannotGoOn.mjs';
import { say } from './command.mjs';
import { debianToolchain } from './debianToolchain.mjs';
import { ownNightly } from './ownNightly.mjs';
import { pinnedNightly } from './pinnedNightly.mjs';

/** In order of preference. Each returns a toolchain, or a string: why it can't be had. */
const WAYS = { nightly: ownNightly, pinned: pinnedNightly, debian: debianToolchain };

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
  const reasons = [];
  for (const [way, find] of Object.entries(WAYS)) {
    if (forced && forced !== way) continue;
    const found = await find();
    if (typeof found !== 'string') return { way, ...found };
    if (way !== 'nightly') say(`toolchain: ${found}`);
    reasons.push(found);
  }
  throw new CannotGoOn(
    `No Rust compiler with the sources of its standard library could be had (${reasons.join('; ')}): run \`rustup toolchain install nightly --component rust-src,clippy --target wasm32-unknown-unknown\` where rustup's server can be reached, and then this again.`,
  );
}
