// Everything that the server sent on every connection of a run, for rules that hold of all of it.

import type { Connection } from './connection.ts';
import { parseJson } from './values.ts';

/** A connection and the case it belongs to. */
export interface Recorded {
  caseId: string;
  connection: Connection;
}

export class Transcript {
  readonly connections: Recorded[] = [];
  /** The JSON of every answer to a negotiate request. */
  readonly negotiations: { caseId: string; answer: unknown }[] = [];

  add(caseId: string, connection: Connection): void {
    this.connections.push({ caseId, connection });
  }

  addNegotiation(caseId: string, body: Buffer): void {
    try {
      this.negotiations.push({ caseId, answer: parseJson(body.toString()) });
    } catch {
      // An error page is no answer to negotiate.
    }
  }
}
