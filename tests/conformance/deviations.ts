// Where the server differs from ASP.NET Core on purpose, and what a case that shows it must see instead.
//
// 1. An idle JSON WebSocket is not pinged by the server unasked. Every official client pings every 15 s, and the
//    platform answers that ping without waking the object: a server's own pings would keep every object awake, and
//    paid for, that has an idle client. So where a case waits for a ping (LIF-01), a ping is sent first, and its answer
//    must come in the case's time.
// 2. `connectionToken` may be longer than ASP.NET Core's 22 characters, of unreserved characters only: it carries the
//    way to the object. Where a case speaks of 22 characters, so many or more are right (placeholders.ts and
//    sentences.ts).

import type { Connection } from './connection.ts';
import { typeOf } from './matching.ts';

const PING = 6;

/** Sends the ping that the expected ping will answer, if the server pings this connection only then. */
export async function askForPing(connection: Connection, expected: unknown): Promise<void> {
  const onlyAnswers = connection.link?.transport === 'ws' && connection.protocol === 'json';
  if (onlyAnswers && typeOf(expected) === PING) await connection.send({ type: PING });
}
