// A backend that uses Azure's management SDK: requests as Microsoft.Azure.SignalR.Management makes them.

import { createHmac } from 'node:crypto';
import { LOCAL_VARS } from '../../miniflare.config.js';

const [PRIMARY_KEY = '', SECONDARY_KEY = ''] = LOCAL_VARS.AZURE_ACCESS_KEY.split(',');

export { PRIMARY_KEY, SECONDARY_KEY };

const VERSION = '2024-12-01';

export interface AzureOptions {
  /** The access key that signs. */
  accessKey?: string;
  query?: Record<string, string | string[]>;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  /** Claims over those of the SDK; undefined takes one away. */
  claims?: Record<string, unknown>;
  /** Instead of the token that the claims would make; an empty one sends none. */
  token?: string;
}

/** The error object of the API. */
export interface AzureError {
  code: string;
  message: string;
  target?: string;
}

/** A token of HS256. */
export function signed(claims: Record<string, unknown>, key: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part({ alg: 'HS256', kid: 'any', typ: 'JWT' })}.${part(claims)}`;
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}

/** Path segments, escaped as the SDK does. */
export function path(...segments: string[]): string {
  return segments
    .map((segment) => (segment.startsWith(':') ? segment : encodeURIComponent(segment)))
    .map((segment) => `/${segment}`)
    .join('');
}

export class AzureBackend {
  /** Where the Worker serves, asked each time: it is not known before it runs. */
  constructor(private readonly url: () => string) {}

  /** Asks something about a hub. */
  async ask(method: string, hub: string, rest: string, options: AzureOptions = {}): Promise<Response> {
    const { accessKey = PRIMARY_KEY, query = {}, headers = {}, body, claims = {}, token } = options;
    const pathname = `/api/hubs/${hub}${rest}`;
    const { protocol, hostname } = new URL(this.url());
    const now = Math.floor(Date.now() / 1000);
    const own = {
      nameid: 'backend_1',
      nbf: now,
      iat: now,
      exp: now + 3600,
      // The SDK's has the version and no port.
      aud: `${protocol}//${hostname}${pathname}?api-version=${VERSION}`,
    };
    const bearer = token ?? signed({ ...own, ...claims }, accessKey);
    const parameters = new URLSearchParams({ 'api-version': VERSION });
    for (const [name, values] of Object.entries(query)) for (const one of [values].flat()) parameters.append(name, one);
    return fetch(`${this.url()}${pathname}?${parameters}`, {
      method,
      headers: { ...(bearer && { authorization: `Bearer ${bearer}` }), ...headers },
      ...(body !== undefined && { body }),
    });
  }

  /** Sends a message to whoever the path names: `path('users', id)`, or nothing for all. */
  send(hub: string, to: string, target: string, args: unknown[], options: AzureOptions = {}): Promise<Response> {
    const headers = { 'content-type': 'application/json; charset=utf-8', ...options.headers };
    const body = JSON.stringify({ Target: target, Arguments: args });
    return this.ask('POST', hub, `${to}/:send`, { body, ...options, headers });
  }
}

/** The status, and the error if there is one. */
export async function outcome(answer: Response | Promise<Response>): Promise<[number, AzureError | undefined]> {
  const response = await answer;
  const text = await response.text();
  if (response.ok) return [response.status, undefined];
  const error = text === '' ? undefined : (JSON.parse(text) as AzureError);
  return [response.status, error];
}
