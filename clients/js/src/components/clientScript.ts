// The client for pages that the elements for pages use: the page's own if it has it, else the one beside this file. So a
// page has one client, whether it loads one file or two.

import type { ConduitSignalRService } from '../service.ts';
import type { provideService } from './serviceSource.ts';

const FILE_NAME = 'conduit-signalr-service.js';

interface Page {
  conduitSignalR?: ConduitSignalRService;
}

/** Where this file is from; only while it runs for the first time can it be told. */
interface Home {
  src: string;
  nonce: string;
  /** Where the page gets a token from, as `data-token-url` of this file's element says. */
  tokenUrl: string | undefined;
}

export function homeOf(script: HTMLScriptElement | null): Home {
  const src = script?.src || new URL(`/js/${FILE_NAME}`, location.href).href;
  return { src, nonce: script?.nonce ?? '', tokenUrl: script?.dataset.tokenUrl };
}

/** Gives the page's service, once there is one. */
export function pageService(home: Home): Parameters<typeof provideService>[0] {
  let found: Promise<ConduitSignalRService> | undefined;
  return () => {
    found ??= load(home).catch((thrown: unknown) => {
      // The next element may have more luck.
      found = undefined;
      throw thrown;
    });
    return found;
  };
}

async function load({ src, nonce, tokenUrl }: Home): Promise<ConduitSignalRService> {
  const page = globalThis as Page;
  if (page.conduitSignalR === undefined && document.readyState === 'loading') {
    await new Promise((resolve) => document.addEventListener('DOMContentLoaded', resolve, { once: true }));
  }
  if (page.conduitSignalR === undefined) {
    const own = document.querySelector<HTMLScriptElement>(`script[src*="${FILE_NAME}"]`);
    if (own !== null) await run(own);
  }
  if (page.conduitSignalR === undefined) await add(new URL(FILE_NAME, src).href, nonce);
  const service = page.conduitSignalR;
  if (service === undefined) throw new Error('the client did not load');
  if (tokenUrl !== undefined) service.setVirtualKey(() => token(tokenUrl));
  return service;
}

/** Resolves when a script of the page has run, or cannot any more. */
function run(script: HTMLScriptElement): Promise<void> {
  return new Promise((resolve) => {
    const done = () => resolve();
    for (const event of ['load', 'error']) script.addEventListener(event, done, { once: true });
    if (document.readyState === 'complete') done();
    else addEventListener('load', done, { once: true });
  });
}

/** Adds a script to the page, which a policy with a nonce lets in as well, and waits until it has run. */
function add(src: string, nonce: string): Promise<void> {
  const script = document.createElement('script');
  return new Promise((resolve, reject) => {
    script.addEventListener('load', () => resolve());
    script.addEventListener('error', () => {
      script.remove();
      reject(new Error(`${src} could not be loaded`));
    });
    script.nonce = nonce;
    script.src = src;
    document.head.append(script);
  });
}

/** A client token, as text or as `POST /v1/tokens` answers it. */
async function token(url: string): Promise<string> {
  const response = await fetch(url, { headers: { accept: 'application/json, text/plain' } });
  if (!response.ok) throw new Error(`the page's tokens: ${url} answers ${response.status}`);
  const text = (await response.text()).trim();
  if (!text.startsWith('{')) return text;
  return String((JSON.parse(text) as { token?: unknown }).token ?? '');
}
