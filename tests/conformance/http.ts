// One HTTP request of which nothing is hidden: `fetch` would add headers, follow redirects and unpack bodies.

import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

/** The beginning of an answer. */
export interface Head {
  status: number;
  headers: IncomingHttpHeaders;
  /** From the request to the head. */
  elapsedMs: number;
}

export interface Answer extends Head {
  body: Buffer;
}

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: Buffer;
  /** Called for each piece of the body as it comes. */
  onChunk?: (chunk: Buffer) => void;
}

/** Connections are not kept: which request a server's close belongs to would be a matter of luck. */
const AGENT = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** A request under way. */
export class Exchange {
  readonly head: Promise<Head>;
  readonly answer: Promise<Answer>;
  /** What came of the body so far. */
  body = Buffer.alloc(0);
  /** Whether the answer is complete, or never will be. */
  settled = false;
  /** How much of the body was read by the case. */
  read = 0;
  readonly #abort = new AbortController();

  constructor(url: string, { method = 'GET', headers = {}, body, onChunk }: Asked = {}) {
    const started = Date.now();
    const message = new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(url, { method, headers, agent: AGENT, signal: this.#abort.signal }, resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    this.head = message.then(({ statusCode = 0, headers }) => {
      return { status: statusCode, headers, elapsedMs: Date.now() - started };
    });
    this.answer = message
      .then(async (incoming) => {
        for await (const chunk of incoming) {
          this.body = Buffer.concat([this.body, chunk]);
          onChunk?.(chunk);
        }
        return { ...(await this.head), body: this.body };
      })
      .finally(() => {
        this.settled = true;
      });
    // Whoever wants to know asks these; nobody else is to be told.
    this.head.catch(() => {});
    this.answer.catch(() => {});
  }

  /** Drops the request. */
  abort(): void {
    this.#abort.abort();
  }
}

/** The path and the query under a base. */
export function urlOf(base: string, path: string, query: Record<string, unknown> = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  if (pairs.length === 0) return base + path;
  return `${base}${path}${path.includes('?') ? '&' : '?'}${pairs.join('&')}`;
}
