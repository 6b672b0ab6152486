// Serves a double of a provider that answers by itself, until it is ended: `node scripts/voice-double.mjs [provider] [port]`.

import { keyName } from './providerServer.ts';
import { answerByItself, PLAYED } from './selfAnswering.ts';

const [, , name = 'openai', port = '8790'] = process.argv;
const played = PLAYED[name];
if (played === undefined) {
  console.error(`There is no double of "${name}", but of ${Object.keys(PLAYED).join(', ')}.`);
  process.exit(1);
}
const provider = played.make();
answerByItself(provider);
await provider.start(Number(port));
const settings = JSON.stringify({ [name]: provider.settings({ 'gpt-realtime': played.theirs }) });
console.log(`A double of ${name} answers at ${provider.host}. For .dev.vars:

REALTIME_PROVIDERS='${settings}'
${keyName(name)}='${played.key}'
`);
setInterval(() => {
  for (const fault of provider.faults.splice(0)) console.error(`The provider would have refused: ${fault}`);
}, 200);
