// The one file for pages without a bundler, `/js/conduit-signalr-service.js`: it sets `window.ConduitSignalRService` and
// `window.conduitSignalR`.

import { loadedFrom } from './page.ts';
import { ConduitSignalRService } from './service.ts';

const { document } = globalThis as unknown as { document?: { currentScript?: { src?: string } | null } };
const address = document?.currentScript?.src;
if (address) loadedFrom(address);

Object.assign(globalThis, { ConduitSignalRService, conduitSignalR: ConduitSignalRService.getInstance() });
