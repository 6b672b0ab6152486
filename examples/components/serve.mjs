// The pages on the Worker of `npm start`, with the demo key:
//
//     node examples/components/serve.mjs      PORT=8789 node examples/components/serve.mjs

import { readFileSync } from 'node:fs';
import { pagesServer } from './server.mjs';

const PROJECT = new URL('../../', import.meta.url);
const port = Number(process.env.PORT || 8788);
const conduit = process.env.CONDUIT || 'http://127.0.0.1:8787';

/** What `npm start` has written: its key, and its secrets. */
function site() {
  const read = (path) => readFileSync(new URL(path, PROJECT), 'utf8');
  try {
    const [, masterKey] = read('.dev.vars').match(/^MASTER_KEY="?(.*?)"?$/m);
    return { conduit, key: JSON.parse(read('.wrangler/demo-key')), masterKey };
  } catch {
    console.error('There is no local Conduit yet: run `npm start` in another terminal.');
    process.exit(1);
  }
}

pagesServer(site()).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`));
