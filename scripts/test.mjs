// `npm test`: every check, and at the end what each took and how many tests passed.
//
//     npm test [-- --only=vitest,clippy]     one or more checks or groups (lint, build, test), and what they need
//     npm run test:all                       the long ones too

import { CHECKS } from './checks/checks.mjs';
import { inWords, sum } from './checks/totals.mjs';
import { CannotGoOn } from './setup/cannotGoOn.mjs';
import { StepFailed, say } from './setup/command.mjs';
import { entry } from './setup/entry.mjs';

await entry(async (args) => {
  if (args.includes('--all')) process.env.CONDUIT_LONG = '1';
  const results = [];
  for (const check of chosen(args)) results.push(await runCheck(check, results));

  console.log(`\n${table(results)}\n`);
  console.log(inWords(sum(results.flatMap(({ totals }) => totals ?? []))));
  return results.every(({ ok }) => ok) ? 0 : 1;
});

function chosen(args) {
  const only = args.find((arg) => arg.startsWith('--only='))?.slice('--only='.length);
  if (!only) return CHECKS.filter(({ long }) => !long || args.includes('--all'));
  const wanted = new Set(only.split(','));
  for (const word of wanted) {
    if (CHECKS.some(({ name, group }) => name === word || group === word)) continue;
    const known = [...new Set(CHECKS.flatMap(({ name, group }) => [name, group]))];
    throw new CannotGoOn(`There is no check "${word}": the checks and groups are ${known.join(', ')}.`);
  }
  const picked = CHECKS.filter(({ name, group }) => wanted.has(name) || wanted.has(group));
  const needed = new Set(picked.flatMap(({ needs }) => needs ?? []));
  return CHECKS.filter((check) => picked.includes(check) || needed.has(check.name));
}

/** Runs one check unless one that it needs has failed. A failure does not keep the others from running. */
async function runCheck(check, results) {
  const { name } = check;
  const missing = (check.needs ?? []).find((need) => results.some((result) => result.name === need && !result.ok));
  if (missing) return { name, ok: false, seconds: 0, remark: `not run: ${missing} failed` };

  say(`\n── ${name}`);
  const started = Date.now();
  let outcome;
  try {
    outcome = await check.run();
  } catch (error) {
    say(error instanceof StepFailed || error instanceof CannotGoOn ? error.message : error.stack);
    outcome = { ok: false };
  }
  const { ok, totals } = outcome;
  const remark = totals && inWords(totals);
  return { name, ok, totals, remark, seconds: (Date.now() - started) / 1000 };
}

function table(results) {
  const width = Math.max(...results.map(({ name }) => name.length));
  return results
    .map(({ name, ok, seconds, remark }) => {
      const columns = [ok ? 'ok  ' : 'FAIL', name.padEnd(width), `${seconds.toFixed(1).padStart(7)} s`, remark ?? ''];
      return columns.join('  ').trimEnd();
    })
    .join('\n');
}
