// A receiver of webhooks on this machine, as well-behaved as the test wants it.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { Inbox } from './inbox.ts';

/** A webhook as it arrived. */
export interface Received {
  method: string;
  headers: Record<string, string>;
  body: string;
}

/** What the receiver does with a webhook once it has read it. */
export type Answer = (response: ServerResponse) => void;

/** Answers with a status, and no more. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(code, headers).end();
}

/** Never answers. */
export const hangs: Answer = () => {};

/** Cuts the connection, without a word and without a goodbye. */
export const resets: Answer = (response) => response.socket?.resetAndDestroy();

/** Closes the connection before it has said anything. */
export const closes: Answer = (response) => response.socket?.end();

/** Says that more comes than does, and closes. */
export const promisesTooMuch: Answer = (response) =>
  response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort');

/** Says that less comes than does. */
export const promisesTooLittle: Answer = (response) =>
  response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nmuch more than two');

/** Says something that is not HTTP. */
export const speaksGibberish: Answer = (response) => response.socket?.end('220 mail.example ESMTP\r\n');

/** Answers with a status that HTTP has not. */
export const speaksInOtherNumbers: Answer = (response) =>
  response.socket?.end('HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n');

/** Answers, with a body that has no end. */
export const talksForEver: Answer = (response) => {
  response.writeHead(200);
  const talk = () => {
    while (!response.destroyed && response.write('x'.repeat(65_536)));
  };
  response.on('drain', talk);
  talk();
};

export class WebhookTarget {
  readonly #answers = new Map<string, Answer[]>();
  readonly #received = new Map<string, Inbox<Received>>();
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));
  #paths = 0;

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** A URL that nobody else uses, which answers with one after another of these, and with the last from then on. */
  url(...answers: [Answer, ...Answer[]]): string {
    const path = `/hook-${++this.#paths}`;
    this.#answers.set(path, answers);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  /** What a URL answers from now on. */
  answer(url: string, ...answers: [Answer, ...Answer[]]): void {
    this.#answers.set(new URL(url).pathname, answers);
  }

  /** What arrived at a URL. */
  at(url: string): Inbox<Received> {
    const { pathname } = new URL(url);
    const inbox = this.#received.get(pathname) ?? new Inbox<Received>(`the receiver at ${pathname}`);
    this.#received.set(pathname, inbox);
    return inbox;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const answers = this.#answers.get(url.pathname) ?? [status(418)];
    const [answer] = answers.length > 1 ? answers.splice(0, 1) : answers;
    this.at(url.href).push({ method: request.method ?? '', headers: request.headers as Record<string, string>, body });
    answer?.(response);
  }
}

/** Runs a receiver for the tests of a file. */
export function webhookTarget(): WebhookTarget {
  const target = new WebhookTarget();
  beforeAll(() => target.start());
  afterAll(() => target.stop());
  return target;
}
