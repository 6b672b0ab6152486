// How the components find their client: alone or beside it, under the strictest policies, and where it can't be had.

import { expect, test } from 'vitest';
import { ComponentPages } from '../harness/componentPages.ts';
import { eventually } from '../harness/deadline.ts';

const pages = new ComponentPages();

const components = (attributes = '') =>
  `<script ${attributes} src="${pages.proxy.url}/js/conduit-components.js" data-token-url="/token"></script>`;
const client = (attributes = '') =>
  `<script ${attributes} src="${pages.proxy.url}/js/conduit-signalr-service.js"></script>`;

const NONCE = "script-src 'nonce-abc'";

const POLICIES = {
  'a nonce': ["script-src 'nonce-abc'; style-src 'none'", () => components('nonce="abc" defer')],
  'a nonce, and the file in the head': [NONCE, () => components('nonce="abc"')],
  'trusted types, with both files': [
    "default-src 'none'; script-src 'nonce-abc'; require-trusted-types-for 'script'; trusted-types 'none'",
    () => client('nonce="abc"') + components('nonce="abc"'),
  ],
  'a nonce, and the client after the components': [
    NONCE,
    () => components('nonce="abc" defer') + client('nonce="abc" defer'),
  ],
} as const;

for (const [name, [policy, head]] of Object.entries(POLICIES)) {
  test(`an element works under a policy with ${name}`, async (context) => {
    const { page, troubles, key } = await pages.openUnder(context, policy, head());
    await page.getByText('$0.00').waitFor();
    await pages.front.tell(key, 'SpendRecorded', { amount: 2 });
    await page.getByText('$2.00').waitFor();
    await expect(page.locator('script[src*=conduit-signalr-service]').count()).resolves.toBe(1);
    expect(troubles).toEqual([]);
  });
}

test('an element says that the client cannot be loaded, and tries again', async (context) => {
  const { page } = await pages.openUnder(context, NONCE, components('nonce="abc" defer'), (page) =>
    page.route('**/conduit-signalr-service.js', (route) => route.abort()),
  );
  await page.getByText(/Could not connect: .*conduit-signalr-service\.js could not be loaded/).waitFor();
  await page.unroute('**/conduit-signalr-service.js');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('$0.00').waitFor();
});

test('the connection status says so too', async (context) => {
  const { page } = await pages.openUnder(context, NONCE, components('nonce="abc" defer'), (page) =>
    page.route('**/conduit-signalr-service.js', (route) => route.abort()),
  );
  await page.getByText(/Could not connect/).waitFor();
  await page.evaluate(() => {
    const { document } = globalThis as any;
    const [meter] = document.querySelectorAll('conduit-spend-meter');
    meter.replaceWith(document.createElement('conduit-connection-status'));
  });
  await page.getByText('Not connected', { exact: true }).first().waitFor();
  await page.unroute('**/conduit-signalr-service.js');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Connected', { exact: true }).first().waitFor();
});

test('an element says that the page has no token for it', async (context) => {
  const { page } = await pages.openUnder(context, NONCE, components('nonce="abc" defer'), (page) =>
    page.route('**/token', (route) => route.fulfill({ status: 403 })),
  );
  await page.getByText(/Cannot connect/).waitFor();
  await page.unroute('**/token');
  await page.getByText('$0.00').waitFor();
});

test('elements of one page may show several keys, also if that was said before they were defined', async (context) => {
  const { page, key } = await pages.openUnder(context, NONCE, client('nonce="abc"'));
  const other = await pages.front.createKey();
  await pages.front.tell(key, 'SpendRecorded', { amount: 1 });
  await pages.front.tell(other, 'SpendRecorded', { amount: 2 });
  const values = { keys: [key.key, other.key], apiBaseUrl: pages.proxy.url };
  await page.evaluate(({ keys, apiBaseUrl }) => {
    const { document, ConduitSignalRService: Service } = globalThis as any;
    const [first] = document.querySelectorAll('conduit-spend-meter');
    const second = first.parentNode.appendChild(document.createElement('conduit-spend-meter'));
    [first, second].forEach((element, index) => {
      element.service = new Service({ apiBaseUrl, virtualKey: keys[index], eventTarget: null });
    });
    const script = document.createElement('script');
    script.nonce = 'abc';
    script.src = `${apiBaseUrl}/js/conduit-components.js`;
    document.head.append(script);
  }, values);
  const shown = () => page.locator('[part=amount]').allTextContents();
  await eventually('both', shown, (texts) => texts.join() === '$1.00,$2.00');
});
