// Requests that cost something, faster at times, and a budget that is raised when it is spent.

import { setTimeout as pause } from 'node:timers/promises';
import { between, oneOf } from './backend.mjs';

const FIRST_BUDGET = 5;
const WAVE_MILLIS = 90_000;

const MODELS = [
  { provider: 'openai', model: 'gpt-5-mini', amount: [0.001, 0.01] },
  { provider: 'openai', model: 'gpt-realtime', amount: [0.01, 0.05] },
  { provider: 'anthropic', model: 'claude-sonnet-4-5', amount: [0.005, 0.03] },
  { provider: 'google', model: 'gemini-2.5-flash', amount: [0.0005, 0.005] },
];

export async function playSpend({ tell, changeKey }, signal) {
  let limit = FIRST_BUDGET;
  let spent = 0;
  await changeKey({ budget: { limit, period: 'daily' }, realtime: true });
  for (;;) {
    const { provider, model, amount } = oneOf(MODELS);
    const cost = Number(between(...amount).toFixed(4));
    spent += cost;
    await tell('SpendRecorded', { amount: cost, provider, model });
    if (spent > 1.05 * limit) {
      limit = Math.ceil(2.5 * spent);
      await changeKey({ budget: { limit, period: 'daily' } });
    }
    const wave = 1 + Math.sin((2 * Math.PI * Date.now()) / WAVE_MILLIS);
    await pause(150 + 700 * wave * Math.random(), undefined, { signal });
  }
}
