// Why a case did not pass: what came is not what was expected, or the case needs what is not here.

import { brief } from './values.ts';

/** The server did something else than the case expects. */
export class Mismatch extends Error {
  constructor(expected: string, got: string) {
    super(`expected ${expected}; got ${got}`);
  }

  /** From values instead of words. */
  static of(expected: unknown, got: unknown): Mismatch {
    return new Mismatch(brief(expected), brief(got));
  }
}

/** The case cannot be judged here, for this reason. */
export class Skip extends Error {}
