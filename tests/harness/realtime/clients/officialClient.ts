// The realtime client of OpenAI's own package, unmodified.

import { connect, type NetConnectOpts } from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { FrontDoor, Key } from '../../edge.ts';
import { brokenRules, EventOrder } from '../eventOrder.ts';
import { OpenAiClient } from './openAiClient.ts';

export class OfficialOpenAiClient extends OpenAiClient {
  readonly #client: OpenAIRealtimeWS;

  private constructor(client: OpenAIRealtimeWS) {
    super();
    this.#client = client;
    const order = new EventOrder();
    client.on('event', (event) => {
      order.check(event);
      this.ear.take(event);
    });
    // An `error` event is an error to it; anything else is its own.
    client.on('error', (error) => {
      if (error.error === undefined) brokenRules.push(`the client says: ${error.message}`);
    });
    client.socket.on('close', (code) => this.ear.fail(new Error(`closed with ${code}`)));
  }

  static async connect(front: FrontDoor, { key }: Key, model: string): Promise<OfficialOpenAiClient> {
    const openai = new OpenAI({ apiKey: key, baseURL: `${front.url}/v1` });
    // It insists on TLS, which nothing on this machine speaks: the same bytes go without.
    const createConnection = (options: NetConnectOpts) => connect({ ...options, path: undefined } as NetConnectOpts);
    const client = new OpenAIRealtimeWS({ model, options: { createConnection } as object }, openai);
    const itself = new OfficialOpenAiClient(client);
    await new Promise((resolve) => client.socket.once('open', resolve));
    return itself;
  }

  override send(event: any): void {
    this.#client.send(event);
  }

  override leave(): void {
    this.#client.close();
  }
}
