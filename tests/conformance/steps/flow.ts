// In which order and how often steps are done.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../cases.ts';
import { Skip } from '../problems.ts';
import type { World } from '../world.ts';

export async function wait(_: World, step: Step): Promise<void> {
  await sleep(Number(step.ms ?? 0));
}

/** The steps again and again, for a time or so many times. */
export async function loop(world: World, step: Step): Promise<void> {
  const times = Number(step.times ?? step.count ?? Number.POSITIVE_INFINITY);
  const until = step.forMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(step.forMs);
  if (times === Number.POSITIVE_INFINITY && until === Number.POSITIVE_INFINITY) throw new Skip('a loop without an end');
  for (let round = 0; round < times && Date.now() < until; round++) {
    world.variables.set('i', round);
    await world.runSteps(step.steps);
    await sleep(Number(step.everyMs ?? 0));
  }
}

/** All at once. */
export async function parallel(world: World, step: Step): Promise<void> {
  const lines: Step[][] = (step.steps as (Step | Step[])[]).map((one) => [one].flat());
  await Promise.all(lines.map((line) => world.runSteps(line)));
}

export async function pausePolling(world: World, step: Step): Promise<void> {
  world.on(step).pausePolling();
}
