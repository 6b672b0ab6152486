// The pages of examples/components in a real Chromium: on the real Worker, with a network between them that can be cut.

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, type TestContext } from 'vitest';
import { pagesServer } from '../../examples/components/server.mjs';
import { browser } from './browser.ts';
import { type Key, MASTER_KEY } from './edge.ts';
import { EdgeProcess } from './edgeProcess.ts';
import { GatedProxy } from './gatedProxy.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A page with one of the components, of a key of its own. */
export interface ComponentPage {
  page: Page;
  key: Key;
  /** What its policy forbade, and what its scripts threw. */
  troubles: string[];
}

/** A Worker, and pages on it. */
export class ComponentPages {
  front!: EdgeProcess;
  proxy!: GatedProxy;
  readonly #chromium = browser();
  readonly #open: { page: Page; server: Server }[] = [];
  #folder = '';

  constructor() {
    beforeAll(async () => {
      this.#folder = await mkdtemp(join(tmpdir(), 'conduit-edge-components-'));
      this.front = await EdgeProcess.start(this.#folder);
      this.proxy = await GatedProxy.start(this.front.url);
    });
    afterEach(async () => {
      this.restore();
      for (const { page, server } of this.#open.splice(0)) {
        await page.close();
        server.closeAllConnections();
        server.close();
      }
    });
    afterAll(async () => {
      await this.proxy?.stop();
      await this.front?.kill();
      await rm(this.#folder, { recursive: true, force: true });
    });
  }

  /** Opens a page, `task-progress` for one, as a visitor with a key whose network is the proxy. */
  async open(context: TestContext, name: string, fields: object = {}): Promise<ComponentPage> {
    const key = await this.front.createKey(fields);
    return this.#show(context, key, name, pagesServer({ conduit: this.proxy.url, key, masterKey: MASTER_KEY }));
  }

  /** Opens a page with a spend meter, under a policy of its own; `prepare` has it before it loads. */
  async openUnder(
    context: TestContext,
    policy: string,
    head: string,
    prepare?: (page: Page) => Promise<unknown>,
  ): Promise<ComponentPage> {
    const key = await this.front.createKey();
    const { url } = this.proxy;
    const site = pagesServer({ conduit: url, key, masterKey: MASTER_KEY });
    const body = `<!doctype html><html lang="en"><title>x</title>${head}<conduit-spend-meter></conduit-spend-meter></html>`;
    const server = createServer((request, response) => {
      if (request.url !== '/own.html') {
        site.emit('request', request, response);
        return;
      }
      response.setHeader('content-type', 'text/html');
      response.setHeader(
        'content-security-policy',
        `connect-src 'self' ${url} ${url.replace('http', 'ws')}; ${policy}`,
      );
      response.end(body);
    });
    return this.#show(context, key, 'own', server, prepare);
  }

  async #show(
    context: TestContext,
    key: Key,
    name: string,
    server: Server,
    prepare?: (page: Page) => Promise<unknown>,
  ): Promise<ComponentPage> {
    const page = await this.#chromium(context).newPage({ viewport: { width: 640, height: 480 } });
    this.#open.push({ page, server });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    await page.exposeFunction('noteTrouble', (text: string) => troubles.push(text));
    await page.addInitScript(() => {
      const { document, noteTrouble } = globalThis as any;
      document.addEventListener('securitypolicyviolation', (event: any) => {
        noteTrouble(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    await prepare?.(page);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}.html`);
    return { page, key, troubles };
  }

  /** Takes the network away: what is open is cut, and nothing comes through. */
  cut(): void {
    Object.assign(this.proxy.fates, { negotiate: 'refused', other: 'refused' });
    this.proxy.cut();
  }

  /** Gives it back. */
  restore(): void {
    delete this.proxy.fates.negotiate;
    delete this.proxy.fates.other;
  }

  /** Kills the Worker, as a power cut does, and starts it again where it was. */
  async restart(): Promise<void> {
    const { port } = this.front;
    await this.front.kill();
    this.front = await EdgeProcess.start(this.#folder, port);
  }
}

let screenshots = 0;

/** What axe-core has against a page, in both colour schemes; with a folder in `SCREENSHOTS`, what it looks like goes there. */
export async function violations(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    // What moves has the colours of the moment.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => (globalThis as any).axe.run());
    for (const { id, nodes } of violations) {
      found.push(`${colorScheme}: ${id}: ${nodes.map((node: any) => node.html).join(' ')}`);
    }
    if (process.env.SCREENSHOTS) {
      const [name] = new URL(page.url()).pathname.slice(1).split('.');
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}-${++screenshots}-${colorScheme}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  return found;
}
