// The requests of the official client, watched: whose turn it is, what negotiation answered, which transport is offered.

import {
  DefaultHttpClient,
  HttpClient,
  HttpError,
  type HttpRequest,
  HttpResponse,
  type ILogger,
} from '@microsoft/signalr';
import type { TransportLadder } from './transportLadder.ts';

interface Offer {
  availableTransports?: { transport: string }[];
}

export class NegotiationWatch extends HttpClient {
  readonly #inner: HttpClient;
  /** What the last negotiation was answered: 200, an error's status, or nothing where nobody answered. */
  status: number | undefined;

  constructor(
    logger: ILogger,
    private readonly ladder: TransportLadder,
    /** Resolves when this connection may try. */
    private readonly turn: () => Promise<void>,
    /** How long an answer may take, in milliseconds: as it is now, not as it was when the connection was made. */
    private readonly timeoutMillis: () => number,
  ) {
    super();
    this.#inner = new DefaultHttpClient(logger);
  }

  override async send(request: HttpRequest): Promise<HttpResponse> {
    if (!request.url?.includes('/negotiate?')) return this.#inner.send(request);
    await this.turn();
    this.status = undefined;
    try {
      const response = await this.#inner.send({ ...request, timeout: this.timeoutMillis() });
      this.status = response.statusCode;
      return response.statusCode === 200 ? this.#withOneTransport(response) : response;
    } catch (error) {
      if (error instanceof HttpError) this.status = error.statusCode;
      throw error;
    }
  }

  override getCookieString(url: string): string {
    return this.#inner.getCookieString(url);
  }

  /**
   * The answer, with the transport that is to be tried now. The official client falls back by itself where a transport
   * can't be opened, but not where it opens and is cut before it serves.
   */
  #withOneTransport(response: HttpResponse): HttpResponse {
    const offer = JSON.parse(String(response.content)) as Offer;
    if (offer.availableTransports === undefined) return response;
    const availableTransports = offer.availableTransports.filter(({ transport }) => transport === this.ladder.current);
    const content = JSON.stringify({ ...offer, availableTransports });
    return new HttpResponse(response.statusCode, response.statusText ?? '', content);
  }
}
