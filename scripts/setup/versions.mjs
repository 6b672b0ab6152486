// The tools that no lock file names. npm's are in package.json, crates in Cargo.lock.

/** Fits `worker` 0.8: the two are released together. */
export const WORKER_BUILD = '0.8.7';

/** The newest that worker-build 0.8.7 knows. It writes the glue for exactly the `wasm-bindgen` crate of this version. */
export const WASM_BINDGEN = '0.2.129';

/** The compiler that is installed when the machine has none that can build the standard library from source. */
export const NIGHTLY = 'nightly-2026-10-29';

/** wrangler 4.164 and vitest 5 refuse older ones. */
export const OLDEST_NODE = [22, 12];

/** `npm run test:all` only. */
export const CARGO_DENY = '0.20.2';
