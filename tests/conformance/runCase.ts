// One case from its first step to its last, and what came of it.

import { type Case, type Step, waitsFor } from './cases.ts';
import { Mismatch, Skip } from './problems.ts';
import type { Operation } from './steps/vocabulary.ts';
import type { Transcript } from './transcript.ts';
import { World } from './world.ts';

export interface Result {
  testCase: Case;
  outcome: 'passed' | 'failed' | 'skipped';
  /** What was expected and what came, or why it was skipped. */
  message: string;
}

/** Beyond what its own steps wait, so that nothing hangs. */
const LIMIT_MILLIS = { quick: 60_000, slow: 120_000 };

/** Which step failed; its cause says why. */
class Broken extends Error {}

export async function runCase(
  testCase: Case,
  base: string,
  transcript: Transcript,
  operations: Record<string, Operation>,
): Promise<Result> {
  if (testCase.steps.length === 0) return { testCase, outcome: 'skipped', message: 'it has no steps' };

  const world = new World(testCase, base, transcript, (inner, steps) => runSteps(inner, steps, operations));
  const limit = Math.max(testCase.slow ? LIMIT_MILLIS.slow : LIMIT_MILLIS.quick, waitsFor(testCase.steps) * 2);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Mismatch(`the end within ${limit / 1000} s`, 'it still runs')), limit);
  });
  try {
    await Promise.race([runSteps(world, testCase.steps, operations), late]);
    const split = [...world.connections.values()].find(({ inbound, place }) => inbound.splits > 0 && isHub(place.path));
    if (split !== undefined) {
      throw new Mismatch('every frame to end with a message', `one on ${split.place.name} that does not`);
    }
    return { testCase, outcome: 'passed', message: '' };
  } catch (error) {
    return result(testCase, error);
  } finally {
    clearTimeout(timer);
    await Promise.race([world.dispose(), new Promise((resolve) => setTimeout(resolve, 3_000))]);
  }
}

/** Elsewhere what is sent need not be messages. */
function isHub(path: string): boolean {
  return path.startsWith('/conf');
}

async function runSteps(world: World, steps: Step[], operations: Record<string, Operation>): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const operation = operations[step.op];
    try {
      if (operation === undefined) throw new Skip(`operation not known: ${step.op}`);
      await operation(world, step);
    } catch (error) {
      if (error instanceof Broken) throw error;
      const where = `step ${index + 1} (${step.op}${step.on === undefined ? '' : ` ${step.on}`})`;
      throw new Broken(where, { cause: error });
    }
  }
}

function result(testCase: Case, error: unknown): Result {
  const where = error instanceof Broken ? `${error.message}: ` : '';
  const cause = error instanceof Broken ? error.cause : error;
  if (cause instanceof Skip) return { testCase, outcome: 'skipped', message: cause.message };
  if (cause instanceof Mismatch) return { testCase, outcome: 'failed', message: where + cause.message };
  const { message, stack } = cause as Error;
  return { testCase, outcome: 'failed', message: `${where}${message} ${stack?.split('\n')[1]?.trim() ?? ''}` };
}
