// Plain HTTP requests, finished or left open.

import { checkAnswer } from '../answers.ts';
import type { Step } from '../cases.ts';
import { type Answer, Exchange } from '../http.ts';
import { Mismatch } from '../problems.ts';
import { fieldOf } from '../sentences.ts';
import { brief, isObject, parseJson, writeJson } from '../values.ts';
import { PATIENCE, type World } from '../world.ts';

export async function http(world: World, step: Step): Promise<void> {
  const { url, exchange } = begin(world, step, bodyOf(world, step));
  if (step.async !== undefined) {
    world.exchanges.set(String(step.async), exchange);
    return;
  }
  if (step.stream !== undefined) {
    world.exchanges.set(String(step.stream), exchange);
    const head = await withinCase(exchange.head, url);
    // Of an error the body is worth knowing, and ends.
    const body = head.status === 200 ? undefined : (await withinCase(exchange.answer, url)).body;
    checkAnswer(world.variables.resolve(step.expect), body === undefined ? head : { ...head, body });
    return;
  }
  const { elapsedMs } = await finish(world, step, exchange, url);
  const limit = Number(step.withinMs ?? step.expect?.withinMs ?? Number.POSITIVE_INFINITY) * PATIENCE;
  if (elapsedMs > limit) throw new Mismatch(`an answer within ${limit} ms`, `one after ${elapsedMs} ms`);
}

/** A request with a body of so many bytes. */
export async function httpSized(world: World, step: Step): Promise<void> {
  const given = bodyOf(world, step) ?? Buffer.alloc(0);
  const missing = Math.max(0, Number(step.bytes ?? step.size ?? 0) - given.length);
  const body = Buffer.concat([given, Buffer.alloc(missing, step.fill ?? 'x')]);
  const { url, exchange } = begin(world, { method: 'POST', ...step }, body);
  await finish(world, step, exchange, url);
}

/** Finishes a request that was left open. */
export async function awaitRequest(world: World, step: Step): Promise<void> {
  const exchange = world.exchange(step);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const wait = Math.max(world.until(step) - Date.now(), 30_000);
    timer = setTimeout(() => reject(new Mismatch('an answer', `none; so far ${brief(exchange.body)}`)), wait);
  });
  try {
    await Promise.race([finish(world, step, exchange, `request ${step.name}`), late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function assertPending(world: World, step: Step): Promise<void> {
  const exchange = world.exchange(step);
  if (!exchange.settled) return;
  const came = await exchange.answer.then(({ status, body }) => `${status} ${body}`, String);
  throw new Mismatch('a request without an answer yet', came.trim());
}

/** The request that `step` describes. */
function begin(world: World, step: Step, body: Buffer | undefined): { url: string; exchange: Exchange } {
  const path = world.variables.resolve(String(step.path ?? step.url));
  const url = world.url(path, world.variables.resolve(step.query ?? {}, world.url(path)));
  const given = Object.entries(world.variables.resolve(step.headers ?? {}, url));
  const headers = Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), String(value)]));
  if (body !== undefined) headers['content-length'] ??= `${body.length}`;
  const method = String(step.method ?? 'GET').toUpperCase();
  return { url, exchange: new Exchange(url, { method, headers, ...(body && { body }) }) };
}

function bodyOf(world: World, step: Step): Buffer | undefined {
  const hex = step.bodyHex ?? step.hex;
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  if (step.bodyBase64 !== undefined) return Buffer.from(step.bodyBase64, 'base64');
  const body = world.variables.resolve(step.bodyText ?? step.text ?? step.bodyJson ?? step.json ?? step.body);
  if (body === undefined) return undefined;
  return Buffer.from(typeof body === 'string' ? body : writeJson(body));
}

async function finish(world: World, step: Step, exchange: Exchange, url: string): Promise<Answer> {
  const answer = await withinCase(exchange.answer, url);
  if (/\/negotiate(\?|$)/.test(url)) world.recordNegotiation(answer.body);
  checkAnswer(world.variables.resolve(step.expect), answer);
  if (!isObject(step.save)) return answer;
  let json: unknown;
  try {
    json = parseJson(answer.body.toString());
  } catch {
    throw new Mismatch('a body of JSON', `${answer.status} ${answer.body}`);
  }
  for (const [name, path] of Object.entries(step.save)) {
    const value = fieldOf(json, String(path));
    if (value === undefined) throw new Mismatch(`a property ${path}`, brief(json));
    world.variables.set(name, value);
  }
  return answer;
}

/** A request that breaks off is the server's failure. */
async function withinCase<T>(answer: Promise<T>, url: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new Mismatch(`an answer from ${url}`, `none (${(error as Error).message})`);
  }
}
