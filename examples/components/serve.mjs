// The pages on the Worker of `npm start`, with the demo key:
//
//     node examples/components/serve.mjs      PORT=8789 node examples/components/serve.mjs

import { readFileSync } from 'node:fs';
import { pagesServer } from './server.mjs';

const PROJECT = new URL('../../', import.meta.url);
const port = Number(process.env.PORT || 8788);
const conduit = process.env.CONDUIT || 'http://127.0.0.1:8787';

const read = (path) => readFileSync(new URL(path, PROJECT), 'utf8');
const key = JSON.parse(read('.wrangler/demo-key'));
const [, masterKey] = read('.dev.vars').match(/^MASTER_KEY="(.*)"$/m);

pagesServer({ conduit, key, masterKey }).listen(port, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${port}`);
});
