// Runs files of conformance cases against the test Worker, and tells what came of them:
//
//     node tests/conformance/run.ts [FILE…] [--only=ID,…] [--url=http://127.0.0.1:5000]
//
// Without a file it runs the project's own: `signalr-cases.json`, and `more-cases.json` with what that leaves out.
// `--url` is of a test Worker that runs already (`npm run conformance:serve`). It ends with 1 if a case fails.

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Miniflare } from 'miniflare';
import { miniflareOptions } from '../../miniflare.config.js';
import { type Case, NoCases, readCases, waitsFor } from './cases.ts';
import { runCodecCases } from './codecCases.ts';
import { failureLine, summary } from './report.ts';
import { type Result, runCase } from './runCase.ts';
import { vocabulary } from './steps/vocabulary.ts';
import { Transcript } from './transcript.ts';

const OWN_CASES = ['signalr-cases.json', 'more-cases.json'].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
);

/** Cases wait more than they compute. */
const AT_ONCE = 24;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { only: { type: 'string' }, url: { type: 'string' } },
    allowPositionals: true,
  });
  const only = values.only?.split(',');
  const files = (positionals.length > 0 ? positionals : OWN_CASES).map((name) => resolve(name));
  const batches = files.map((file) => ({
    file,
    cases: readCases(file).filter(({ id }) => only?.includes(id) ?? true),
  }));
  const cases = batches.flatMap((batch) => batch.cases);
  const results: Result[] = [];
  const add = (result: Result) => {
    results.push(result);
    if (result.outcome === 'failed') console.log(failureLine(result));
  };

  // Before the others: a compiler at work would make them late.
  for (const { file, cases } of batches) {
    for (const result of await runCodecCases(cases.filter(isCodec), file)) add(result);
  }
  await runServerCases(
    cases.filter((one) => !isCodec(one)),
    values.url,
    add,
  );
  results.sort((one, other) => cases.indexOf(one.testCase) - cases.indexOf(other.testCase));
  console.log(summary(results).join('\n'));
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

function isCodec({ kind }: Case): boolean {
  return kind === 'codec';
}

/** Rules on all that was sent come when all was sent. */
function comesLast({ steps }: Case): boolean {
  return steps.some(({ op }) => op === 'checkTranscript');
}

async function runServerCases(cases: Case[], url: string | undefined, add: (result: Result) => void): Promise<void> {
  if (cases.length === 0) return;
  const transcript = new Transcript();
  const operations = vocabulary(transcript);
  const instance = url === undefined ? new Miniflare(miniflareOptions({ worker: 'tests/worker' })) : undefined;
  const base = (url ?? `${await instance?.ready}`).replace(/\/$/, '');
  try {
    const first = cases.filter((one) => !comesLast(one)).sort((one, other) => duration(other) - duration(one));
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = first.shift(); next !== undefined; next = first.shift()) {
          add(await runCase(next, base, transcript, operations));
        }
      }),
    );
    for (const last of cases.filter(comesLast)) add(await runCase(last, base, transcript, operations));
  } finally {
    await instance?.dispose();
  }
}

/** So that the slow ones begin first. */
function duration({ slow, steps }: Case): number {
  return (slow ? 60_000 : 0) + waitsFor(steps);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof NoCases ? error.message : error);
  process.exitCode = 1;
}
// Sockets that a server never closes must not keep the process.
process.stdout.write('', () => process.exit());
