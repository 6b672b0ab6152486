// What only the server knows or can be asked for: by the test Worker's own requests under `/-/`.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../cases.ts';
import { Mismatch, Skip } from '../problems.ts';
import type { Transcript } from '../transcript.ts';
import { checkRule } from '../transcriptRules.ts';
import { brief, parseJson } from '../values.ts';
import type { World } from '../world.ts';

const JOURNAL_MILLIS = 5_000;
const ASK_AGAIN_MILLIS = 50;

/** What the words say of the journals: true, not yet, or, for a count that can only grow, never. */
type Verdict = (journals: string[][]) => boolean;

const FACTS: [words: RegExp, verdict: (match: string[]) => Verdict, connection?: number][] = [
  [/^stream of (\w+) (?:was|is) (?:cancell?ed|stopped|ended)/i, () => some((entry) => entry === 'stream cancelled'), 1],
  [/^method for \w+ observed (?:the )?stream end/i, () => some((entry) => entry.startsWith('upload '))],
  [/^(?:dis)?connect handler of (\w+) (?:did not run|has not run|never ran)/i, ([words = '']) => never(words), 1],
  [/^disconnect handler of (\w+) ran/i, () => once('disconnected'), 1],
  [/^connect handler of (\w+) ran/i, () => once('connected'), 1],
  [/^OnDisconnected(?:Async)? (?:of|for) (\w+) ran/i, () => once('disconnected'), 1],
  [/^OnConnected(?:Async)? (?:of|for) (\w+) ran/i, () => once('connected'), 1],
];

function some(isIt: (entry: string) => boolean): Verdict {
  return (journals) => journals.some((journal) => journal.some(isIt));
}

function once(name: string): Verdict {
  return (journals) => journals.every((journal) => count(journal, name) === 1);
}

function never(words: string): Verdict {
  const name = /^dis/i.test(words) ? 'disconnected' : 'connected';
  return (journals) => journals.every((journal) => count(journal, name) === 0);
}

/** An entry may have a text behind a colon. */
function count(journal: string[], name: string): number {
  return journal.filter((entry) => entry.split(':')[0] === name).length;
}

/** Asks for the journal of what the hub saw, until it says what the step does. */
export async function assertServer(world: World, step: Step): Promise<void> {
  const words = String(step.what ?? step.that ?? step.assert);
  for (const [known, verdict, named] of FACTS) {
    const match = words.match(known);
    if (match === null) continue;
    const name = named === undefined ? undefined : match[named];
    const ids = name === undefined ? allIds(world) : [world.on({ op: step.op, on: name }).id];
    await eventually(world, words, ids, verdict(match));
    return;
  }
  throw new Skip(`fact of the server not understood: ${words}`);
}

function allIds(world: World): string[] {
  return [...world.connections.values()].map(({ id }) => id).filter(Boolean);
}

async function eventually(world: World, words: string, ids: string[], isSo: Verdict): Promise<void> {
  const until = Date.now() + JOURNAL_MILLIS;
  for (;;) {
    const journals = await Promise.all(ids.map((id) => journal(world, id)));
    if (isSo(journals)) return;
    if (Date.now() > until) throw new Mismatch(words, `the journal ${brief(journals.flat())}`);
    await sleep(ASK_AGAIN_MILLIS);
  }
}

async function journal(world: World, id: string): Promise<string[]> {
  const { status, body } = await world.control('GET', 'journal', { id }).answer;
  if (status !== 200) throw new Mismatch('a journal of the connection', `${status} ${body}`);
  return (parseJson(body.toString()) as { entries: string[] }).entries;
}

export async function serverApi(world: World, step: Step): Promise<void> {
  const words = String(step.do ?? step.call);
  const [, name] = words.match(/^request close of connection (\w+)/i) ?? [];
  if (name === undefined) throw new Skip(`request to the server not understood: ${words}`);
  const { id } = world.on({ op: step.op, on: name });
  const { status, body } = await world.control('POST', 'close', { id }).answer;
  if (status >= 300) throw new Mismatch('the request to close taken', `${status} ${body}`);
}

/** The client answers invocations of a target by itself. */
export async function autoReply(world: World, step: Step): Promise<void> {
  const connection = world.on(step);
  const { target, result = null, error } = step;
  connection.answer(String(target), (invocationId) => {
    if (connection.protocol === 'messagepack') {
      return error === undefined ? [3, {}, invocationId, 3, result] : [3, {}, invocationId, 1, error];
    }
    return { type: 3, invocationId, ...(error === undefined ? { result } : { error }) };
  });
}

/** A rule on all that was sent; cases with it run when the others have. */
export function checkTranscript(transcript: Transcript) {
  return async (_: World, step: Step): Promise<void> => checkRule(String(step.rule), transcript);
}

export async function upstream(): Promise<void> {
  throw new Skip('there is no upstream: a hub is code here, not a webhook');
}

export async function externalSuite(_: World, step: Step): Promise<void> {
  throw new Skip(`needs a test suite that is not here: ${step.suite ?? step.name ?? step.client ?? brief(step)}`);
}
