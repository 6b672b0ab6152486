// How every script begins: npm packages are there, it runs on the project's own Node.js, and errors read well.

import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { CannotGoOn } from './cannotGoOn.mjs';
import { StepFailed } from './command.mjs';
import { ensureNodeModules } from './nodeModules.mjs';
import { npmCommand } from './places.mjs';
import { OLDEST_NODE } from './versions.mjs';

/**
 * Runs `main(args)`. Up to here only what Node.js 20 has may be used, and no package; `main` may use both, by
 * `await import(…)`.
 */
export async function entry(main) {
  try {
    await ensureNodeModules();
    const node = projectNode();
    if (node) {
      process.exitCode = await runAgainOn(node);
      return;
    }
    // What we start, and scripts among the npm packages, find this Node.js too.
    process.env.PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
    // CI is set where logs are files: vitest would colour them.
    if (!process.stdout.isTTY) process.env.NO_COLOR ??= '1';
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    const expected = error instanceof CannotGoOn || error instanceof StepFailed;
    process.stderr.write(`${expected ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}

/**
 * The Node.js to change to, or nothing when this one will do.
 *
 * npm brings it as one of the optional dependencies `node-{platform}`, not by the package `node`: that one is a script
 * that calls npm again while npm runs, which newer npm versions don't run unless told to.
 */
function projectNode() {
  const brought = npmCommand('node');
  if (existsSync(brought)) return realpathSync(brought) === realpathSync(process.execPath) ? undefined : brought;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return undefined;
  throw new CannotGoOn(
    `Node.js ${OLDEST_NODE.join('.')} or newer is needed on ${process.platform}-${process.arch}: install it and run this again.`,
  );
}

/** Runs this script again on `node`. */
function runAgainOn(node) {
  const child = spawn(realpathSync(node), process.argv.slice(1), { stdio: 'inherit' });
  // Ctrl-C reaches the whole process group, so the child has it already: only outlive the child, whose end is ours.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}
