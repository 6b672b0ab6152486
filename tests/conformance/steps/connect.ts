// The macro `connect`: negotiates, opens the transport, shakes hands.

import { checkAnswer } from '../answers.ts';
import type { Case, Step } from '../cases.ts';
import { type Connection, SEPARATOR } from '../connection.ts';
import { Exchange, urlOf } from '../http.ts';
import { LongPollingLink } from '../links/longPollingLink.ts';
import { ServerSentEventsLink } from '../links/serverSentEventsLink.ts';
import { WebSocketLink } from '../links/webSocketLink.ts';
import { alike } from '../matching.ts';
import { Mismatch } from '../problems.ts';
import { userToken } from '../tokens.ts';
import { brief, isObject, parseJson } from '../values.ts';
import type { World } from '../world.ts';

const TRANSPORTS: Record<string, 'ws' | 'sse' | 'lp'> = {
  ws: 'ws',
  websockets: 'ws',
  sse: 'sse',
  serversentevents: 'sse',
  lp: 'lp',
  longpolling: 'lp',
};

export async function connect(world: World, step: Step): Promise<void> {
  const path = String(step.path ?? '/conf');
  const query = world.variables.resolve(step.query ?? {});
  const place = { name: String(step.as ?? 'a'), path, query, headers: headersFor(world, step, path) };
  const connection = world.connection(place);
  const version = Number(step.handshakeVersion ?? (step.statefulReconnect ? 2 : 1));

  if (step.skipNegotiation !== true) {
    const refused = await negotiate(world, connection, step, version);
    if (refused) return;
  }
  await open(world, connection, TRANSPORTS[String(step.transport ?? 'ws').toLowerCase()] ?? 'ws');
  await shakeHands(world, connection, step, version);
}

/** The headers of every request: the token, where the path asks for one or the step names a user. */
export function headersFor({ testCase, variables }: World, step: Step, path: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables.resolve(step.headers ?? {}))) {
    headers[name.toLowerCase()] = String(value);
  }
  const given = step.token ?? step.accessToken;
  if (given !== undefined) headers.authorization = `Bearer ${variables.resolve(given)}`;
  else if (wantsUser(testCase, step, path)) {
    headers.authorization ??= `Bearer ${userToken(String(step.user ?? 'user'), step.tokenTtlMs)}`;
  }
  return headers;
}

/** Methods that ask for more than the hub are called by somebody without a token, unless the step names a user. */
function wantsUser({ profile }: Case, step: Step, path: string): boolean {
  if (step.user === null || step.user === false) return false;
  if (step.user !== undefined || step.tokenTtlMs !== undefined) return true;
  const isAsked = /^\/conf-(auth|refresh)/.test(path) && !path.startsWith('/conf-authmethod');
  return isAsked || profile?.auth === 'jwt';
}

/** Whether it was refused, as the step expected. */
async function negotiate(world: World, connection: Connection, step: Step, version: number): Promise<boolean> {
  const { path, query, headers, name } = connection.place;
  const [bare, own] = path.split('?');
  const options = {
    ...query,
    negotiateVersion: `${step.negotiateVersion ?? 1}`,
    ...(step.statefulReconnect ? { useStatefulReconnect: 'true' } : {}),
  };
  const url = urlOf(world.url(`${bare}/negotiate${own === undefined ? '' : `?${own}`}`), '', options);
  const posted = { ...headers, 'content-type': 'text/plain;charset=UTF-8', 'content-length': '0' };
  const answer = await new Exchange(url, { method: 'POST', headers: posted }).answer;
  if (isObject(step.expect)) checkAnswer(step.expect, answer);
  const json = answer.status === 200 ? (parseJson(answer.body.toString()) as Record<string, unknown>) : {};
  world.recordNegotiation(answer.body);
  if (typeof json.connectionId !== 'string') {
    if (isObject(step.expect)) return true;
    throw new Mismatch('a connection granted by negotiate', `${answer.status} ${brief(answer.body)}`);
  }
  connection.id = json.connectionId;
  connection.token = String(json.connectionToken ?? json.connectionId);
  connection.isStateful = json.useStatefulReconnect === true && version >= 2;
  world.variables.set(`${name}.id`, connection.id);
  world.variables.set(`${name}.token`, connection.token);
  return false;
}

async function open(world: World, connection: Connection, transport: 'ws' | 'sse' | 'lp'): Promise<void> {
  const { path, query, headers } = connection.place;
  const id = connection.token === '' ? {} : { id: connection.token };
  const address = { url: world.url(path, { ...query, ...id }), headers };
  if (transport === 'sse') connection.link = await ServerSentEventsLink.open(address, connection.inbound);
  else if (transport === 'lp') connection.link = await LongPollingLink.open(address, connection.inbound);
  else {
    const opened = await WebSocketLink.open(address, connection.inbound);
    if (opened.link === undefined) throw new Mismatch('a WebSocket (101)', `${opened.status} ${opened.body}`);
    connection.link = opened.link;
  }
}

async function shakeHands(world: World, connection: Connection, step: Step, version: number): Promise<void> {
  const greeting = { protocol: step.protocol ?? 'json', version };
  await connection.sendRaw(Buffer.from(JSON.stringify(greeting) + SEPARATOR), 'text');
  const expected = step.expectHandshake ?? (typeof step.expectError === 'string' ? { error: step.expectError } : {});
  const answer = await connection.inbound.next(
    world.until({ op: 'connect' }),
    () => `the handshake ${brief(expected)}`,
  );
  if (!alike(expected, answer.value, { subset: false })) {
    throw new Mismatch(`the handshake ${brief(expected)}`, brief(answer.raw));
  }
}
