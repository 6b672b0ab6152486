// The official JavaScript client, told what to do in words.

import { setTimeout as sleep } from 'node:timers/promises';
import { HttpTransportType, type HubConnection, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import type { Step } from '../cases.ts';
import { UnauthorizedAsAnswer } from '../deviations.ts';
import { Exchange } from '../http.ts';
import { alike } from '../matching.ts';
import { Mismatch, Skip } from '../problems.ts';
import { userToken } from '../tokens.ts';
import { brief, parseJson } from '../values.ts';
import type { World } from '../world.ts';

const LANGUAGES = /\b(any|all|ts|js|typescript|javascript)\b/i;

const TRANSPORTS: Record<string, HttpTransportType> = {
  websockets: HttpTransportType.WebSockets,
  ws: HttpTransportType.WebSockets,
  serversentevents: HttpTransportType.ServerSentEvents,
  sse: HttpTransportType.ServerSentEvents,
  longpolling: HttpTransportType.LongPolling,
  lp: HttpTransportType.LongPolling,
};

/** How long a token outlives its expiry here before the client is asked to do something. */
const AFTER_EXPIRY_MILLIS = 3_000;

export async function officialClient(world: World, step: Step): Promise<void> {
  const client = String(step.client ?? 'any');
  if (!LANGUAGES.test(client)) throw new Skip(`the official client for ${client} is not here`);
  const words = String(step.do);
  const [, expiry] = words.match(/token expires after (\d+) s; client polls again/) ?? [];
  const lifetime = expiry === undefined ? 3_600_000 : Number(expiry) * 1000;
  const script = expiry === undefined ? words : `start(); wait ${lifetime + AFTER_EXPIRY_MILLIS} ms; invoke Echo('x')`;
  const statements = script.split(';').map(parse);
  const connection = build(world, step, lifetime);
  world.finally(() => connection.stop());

  let last: unknown;
  let failure: Error | undefined;
  try {
    for (const statement of statements) last = await statement(connection);
  } catch (error) {
    failure = error as Error;
  }
  if (step.expectError !== undefined) await checkFailure(world, step, failure);
  else if (failure !== undefined) throw new Mismatch(`that the client can ${script}`, failure.message);
  else checkOutcome(step, connection, last, expiry === undefined ? step.expect : 'x');
}

function build(world: World, step: Step, lifetime: number): HubConnection {
  const url = world.url(String(step.url ?? step.path));
  const transport = TRANSPORTS[String(step.transport ?? '').toLowerCase()];
  const needsToken = step.user !== undefined || /^\/conf-(auth(?!method)|refresh)/.test(String(step.url ?? step.path));
  const builder = new HubConnectionBuilder().configureLogging(LogLevel.None).withUrl(url, {
    ...(transport !== undefined && { transport }),
    ...(step.skipNegotiation === true && { skipNegotiation: true }),
    ...(needsToken && {
      httpClient: new UnauthorizedAsAnswer(),
      accessTokenFactory: () => userToken(String(step.user ?? 'user'), lifetime),
    }),
  });
  if (step.protocol === 'messagepack') builder.withHubProtocol(new MessagePackHubProtocol());
  if (step.statefulReconnect === true) builder.withStatefulReconnect();
  if (step.automaticReconnect === true) builder.withAutomaticReconnect();
  return builder.build();
}

type Statement = (connection: HubConnection) => Promise<unknown>;

function parse(text: string): Statement {
  const words = text.trim();
  if (/^start(\(\))?$/.test(words)) return (connection) => connection.start();
  if (/^stop(\(\))?$/.test(words)) return (connection) => connection.stop();
  const [, amount, unit] = words.match(/^wait (\d+) ?(ms|s)$/) ?? [];
  if (amount !== undefined) return () => sleep(Number(amount) * (unit === 's' ? 1000 : 1));
  const [, kind, target = '', list = ''] = words.match(/^(invoke|send|stream) (\w+)\((.*)\)$/) ?? [];
  if (kind === undefined) throw new Skip(`what the official client is to do is not understood: ${words}`);
  const args = argumentsIn(list);
  if (kind === 'invoke') return (connection) => connection.invoke(target, ...args);
  if (kind === 'send') return (connection) => connection.send(target, ...args);
  return (connection) => collect(connection, target, args);
}

/** JSON values, texts also in single quotes. */
function argumentsIn(list: string): unknown[] {
  try {
    return parseJson(`[${list.replace(/'([^']*)'/g, (_, text) => JSON.stringify(text))}]`) as unknown[];
  } catch {
    throw new Skip(`arguments for the official client are not understood: ${list}`);
  }
}

function collect(connection: HubConnection, target: string, args: unknown[]): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const items: unknown[] = [];
    const complete = () => resolve(items);
    connection.stream(target, ...args).subscribe({ next: (item) => items.push(item), error: reject, complete });
  });
}

function checkOutcome(step: Step, connection: HubConnection, last: unknown, expected: unknown): void {
  if (expected === undefined) return;
  if (alike(expected, last, { subset: false })) return;
  const isProse = typeof expected === 'string' && /\s/.test(expected);
  if (isProse && /^(connection survives|connected|starts?|connects)/i.test(expected)) {
    if (connection.state !== 'Connected') throw new Mismatch(expected, `the state ${connection.state}`);
    return;
  }
  if (isProse && last === undefined) throw new Skip(`outcome of the official client not understood: ${step.expect}`);
  throw Mismatch.of(expected, last);
}

async function checkFailure(world: World, step: Step, failure: Error | undefined): Promise<void> {
  const wanted = String(step.expectError);
  if (failure === undefined) throw new Mismatch(`an error that ${wanted}`, 'none');
  const [, part, alsoBody] = wanted.match(/^contains '(.*)'( and the body text)?$/) ?? [];
  if (part === undefined) {
    if (failure.message.includes(wanted)) return;
    throw new Skip(`error of the official client not understood: ${wanted}`);
  }
  const parts = [part];
  if (alsoBody !== undefined) {
    const url = world.url(`${step.url}/negotiate`, { negotiateVersion: 1 });
    parts.push((await new Exchange(url, { method: 'POST' }).answer).body.toString());
  }
  if (parts.some((one) => one === '' || !failure.message.includes(one))) {
    throw new Mismatch(`an error with ${brief(parts)}`, failure.message);
  }
}
