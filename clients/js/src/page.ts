// The page that the service runs in, if it is one: where its events go, and what it says of addresses.

interface Settings {
  apiBaseUrl?: string;
  adminApiBaseUrl?: string;
}

interface Page {
  window?: EventTarget;
  location?: { origin: string };
  conduitConfig?: Settings;
}

const page = globalThis as unknown as Page;

/** Where the file of the library came from, if it is one of a Conduit Edge. */
let origin: string | undefined;

/** The window; nothing in Node.js or a worker. */
export function pageWindow(): EventTarget | undefined {
  return page.window;
}

/** Says that the library was loaded from an address of Conduit Edge itself. */
export function loadedFrom(address: string): void {
  origin = new URL(address).origin;
}

/** `window.conduitConfig`, and for what is not in it, where the library or else the page is from. */
export function pageSettings(): Settings {
  const home = origin ?? page.location?.origin;
  return { ...(home?.startsWith('http') ? { apiBaseUrl: home } : {}), ...page.conduitConfig };
}
