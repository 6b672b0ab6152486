// The dashboard in a browser, as somebody sees it who has signed in.

import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import type { FrontDoor } from './edge.ts';

export class Dashboard {
  /** What the content security policy would have stopped, and what else went wrong on the page. */
  readonly faults: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly front: FrontDoor,
  ) {
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      if (/content security policy|trusted/i.test(message.text())) this.faults.push(message.text());
    });
  }

  /** Opens the page, in a tab of a new window. */
  static async open(browser: Browser, front: FrontDoor, options: BrowserContextOptions = {}): Promise<Dashboard> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
    return Dashboard.openIn(await context.newPage(), front);
  }

  /** Opens the page in a tab that is there. */
  static async openIn(page: Page, front: FrontDoor): Promise<Dashboard> {
    const dashboard = new Dashboard(page, front);
    await page.goto(`${front.url}/`);
    return dashboard;
  }

  /** Opens it and signs in. */
  static async of(
    browser: Browser,
    front: FrontDoor,
    secret: string,
    options?: BrowserContextOptions,
  ): Promise<Dashboard> {
    const dashboard = await Dashboard.open(browser, front, options);
    await dashboard.signIn(secret);
    return dashboard;
  }

  /** Signs in, and waits until all hubs are connected. */
  async signIn(secret: string): Promise<void> {
    await this.page.getByLabel('Virtual key or master key').fill(secret);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.live();
  }

  /** Waits until everything is connected. */
  async live(): Promise<void> {
    await this.page.getByRole('status').getByText('Live').waitFor();
  }

  /** A panel, by its heading. */
  panel(title: string): Locator {
    return this.page.getByRole('region', { name: title, exact: true });
  }

  /** Goes to a view of the operator. */
  async goTo(view: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name: view, exact: true }).click();
    await this.page.getByRole('heading', { level: 1, name: view }).waitFor();
  }

  /** Presses a button of a panel's line, and again where it asks whether it is meant. */
  async press(where: Locator, name: string, confirm?: string): Promise<void> {
    await where.getByRole('button', { name }).click();
    if (confirm !== undefined) await where.getByRole('button', { name: confirm }).click();
  }

  get address(): string {
    return this.front.url;
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
