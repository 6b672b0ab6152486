// The cases of a file.

import { readFileSync } from 'node:fs';
import { isObject, parseJson } from './values.ts';

/** One thing to do or to expect; which fields there are depends on `op`. */
export type Step = { op: string } & Record<string, any>;

export interface Case {
  id: string;
  area: string;
  title: string;
  level: string;
  kind?: string;
  slow?: boolean;
  profile?: Record<string, unknown>;
  steps: Step[];
}

/** A file that holds no cases. */
export class NoCases extends Error {}

/** Reads a file of cases. */
export function readCases(path: string): Case[] {
  let content: unknown;
  try {
    content = parseJson(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new NoCases(`${path} cannot be read as a file of cases: ${(error as Error).message}`);
  }
  // A list, or an object that has one.
  const list = isObject(content) && Array.isArray(content.cases) ? content.cases : content;
  if (!Array.isArray(list)) throw new NoCases(`${path} is not a list of cases`);
  return list.map((entry, index) => {
    const { id, area = 'other', level = 'must', title = '', steps = [] } = entry ?? {};
    if (typeof id !== 'string') throw new NoCases(`${path}: entry ${index} of the list has no id`);
    return { ...entry, id, area, level, title, steps };
  });
}

/** Milliseconds that a case may wait by its own steps. */
export function waitsFor(steps: Step[]): number {
  return steps.reduce((total, step) => {
    const inner = Array.isArray(step.steps) ? waitsFor(step.steps) : 0;
    return total + Number(step.ms ?? step.forMs ?? step.withinMs ?? 0) + inner;
  }, 0);
}
