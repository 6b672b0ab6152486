// Where the server differs from ASP.NET Core on purpose, and what a case that shows it must see instead.
//
// 1. An idle JSON WebSocket is not pinged by the server unasked. Every official client pings every 15 s, and the
//    platform answers that ping without waking the object: a server's own pings would keep every object awake, and
//    paid for, that has an idle client. So where a case waits for a ping (LIF-01), a ping is sent first, and its answer
//    must come in the case's time.
// 2. `connectionToken` may be longer than ASP.NET Core's 22 characters, of unreserved characters only: it carries the
//    way to the object. Where a case speaks of 22 characters, so many or more are right (placeholders.ts and
//    sentences.ts).
// 3. The JavaScript client means to ask its token factory again when a request is answered with 401 (LPL-15), but the
//    HTTP client that it brings throws on that answer, before it can (version 10.0.11). It is given one that hands the
//    answer on.

import {
  DefaultHttpClient,
  HttpClient,
  HttpError,
  type HttpRequest,
  HttpResponse,
  NullLogger,
} from '@microsoft/signalr';
import type { Connection } from './connection.ts';
import { typeOf } from './matching.ts';

const PING = 6;

/** Sends the ping that the expected ping will answer, if the server pings this connection only then. */
export async function askForPing(connection: Connection, expected: unknown): Promise<void> {
  const onlyAnswers = connection.link?.transport === 'ws' && connection.protocol === 'json';
  if (onlyAnswers && typeOf(expected) === PING) await connection.send({ type: PING });
}

/** The official HTTP client, but 401 is an answer and not an exception. */
export class UnauthorizedAsAnswer extends HttpClient {
  readonly #inner = new DefaultHttpClient(NullLogger.instance);

  override async send(request: HttpRequest): Promise<HttpResponse> {
    try {
      return await this.#inner.send(request);
    } catch (error) {
      if (error instanceof HttpError && error.statusCode === 401) return new HttpResponse(401, error.message);
      throw error;
    }
  }

  override getCookieString(url: string): string {
    return this.#inner.getCookieString(url);
  }
}
