// WebSockets one by one, and how connections end.

import { checkAnswer } from '../answers.ts';
import type { Step } from '../cases.ts';
import type { Connection } from '../connection.ts';
import { type Opened, WebSocketLink } from '../links/webSocketLink.ts';
import { Mismatch } from '../problems.ts';
import { isObject } from '../values.ts';
import type { World } from '../world.ts';
import { headersFor } from './connect.ts';

/** Opens a socket on which nothing is said; without other words in the step it must be granted. */
export async function wsOpen(world: World, step: Step): Promise<void> {
  const path = world.variables.resolve(String(step.path ?? '/conf'));
  const query = world.variables.resolve(step.query ?? {});
  const place = { name: String(step.as ?? step.on ?? 'a'), path, query, headers: rawHeaders(world, step, path) };
  const connection = world.connection(place);
  if (typeof query.id === 'string') {
    connection.token = query.id;
    // A socket to the token of a connection that resumes is that connection's.
    const other = [...world.connections.values()].find((one) => one !== connection && one.token === query.id);
    connection.isStateful = other?.isStateful ?? false;
    world.variables.set(`${place.name}.token`, query.id);
  }
  check(step, connection, await dial(world, connection));
}

/** Only what the step says: whoever opens a socket by hand may want to come without a token. */
function rawHeaders(world: World, step: Step, path: string): Record<string, string> {
  const isNamed = ['user', 'tokenTtlMs', 'token', 'accessToken'].some((field) => step[field] !== undefined);
  const headers = headersFor(world, isNamed ? step : { ...step, user: null }, path);
  if (step.subprotocol !== undefined) headers['sec-websocket-protocol'] = String(step.subprotocol);
  return headers;
}

/** Opens a second socket to the connection's token. */
export async function wsReopen(world: World, step: Step): Promise<void> {
  const connection = world.on(step);
  connection.resume();
  if (step.as !== undefined) world.connections.set(String(step.as), connection);
  const isNamed = ['user', 'token', 'accessToken', 'headers'].some((field) => step[field] !== undefined);
  if (isNamed) Object.assign(connection.place.headers, headersFor(world, step, connection.place.path));
  check(step, connection, await dial(world, connection, { id: connection.token }));
}

async function dial(world: World, connection: Connection, query: Record<string, unknown> = {}): Promise<Opened> {
  const { path, headers } = connection.place;
  const url = world.url(path, { ...connection.place.query, ...query });
  try {
    return await WebSocketLink.open({ url, headers }, connection.inbound);
  } catch (error) {
    throw new Mismatch('an answer to the upgrade', (error as Error).message);
  }
}

function check(step: Step, connection: Connection, opened: Opened): void {
  connection.link = opened.link;
  checkAnswer(isObject(step.expect) ? step.expect : { status: 101 }, opened);
}

export async function wsClose(world: World, step: Step): Promise<void> {
  await world.on(step).link?.close(Number(step.code ?? 1000), step.reason);
}

export async function wsKill(world: World, step: Step): Promise<void> {
  const connection = world.on(step);
  connection.wasKilled = true;
  connection.link?.kill();
}

/** Drops the request of an event stream, or any that is open. */
export async function abort(world: World, step: Step): Promise<void> {
  const name = String(step.name ?? step.on);
  if (world.exchanges.has(name)) world.exchange(step).abort();
  else await wsKill(world, step);
}

export async function expectClosed(world: World, step: Step): Promise<void> {
  const { link, inbound } = world.on(step);
  const isClosed = link !== undefined && (await link.endedBy(world.until(step)));
  if (!isClosed) throw new Mismatch('the end of the connection', 'it is still open');
  if (step.code === undefined || link?.transport !== 'ws') return;
  const { code } = inbound.ended ?? {};
  if (!String(step.code).split('|').includes(String(code))) {
    throw new Mismatch(`a close frame with ${step.code}`, inbound.ended?.why ?? 'none');
  }
}

/** The socket that another one replaced was closed by the server. */
export async function expectOldSocketClosed(world: World, step: Step): Promise<void> {
  const old = world.on(step).replaced.at(-1);
  if (old === undefined) throw new Mismatch('a socket that was replaced', 'none was');
  if (!(await old.endedBy(world.until(step)))) throw new Mismatch('the old socket closed', 'it is still open');
}
