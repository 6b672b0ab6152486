// A provider on this machine, as healthy as the test wants it.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';

export class LocalProvider {
  /** The status that it answers with; none hangs up instead. */
  status: number | undefined = 200;
  /** How often it was asked, by path. */
  readonly asked = new Map<string, number>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url ?? '';
      this.asked.set(path, (this.asked.get(path) ?? 0) + 1);
      if (this.status === undefined) request.socket.destroy();
      else response.writeHead(this.status, { location: '/elsewhere' }).end('whatever');
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Where it is asked how it is. */
  url(path = '/health'): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }
}

/** Runs a provider for the tests of a file. */
export function localProvider(): LocalProvider {
  const provider = new LocalProvider();
  beforeAll(() => provider.start());
  afterAll(() => provider.stop());
  return provider;
}
