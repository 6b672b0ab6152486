// Runs a double of a provider for the tests of a file: each of them fails if the double has found a fault, or if a client
// was told something out of order.

import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { brokenRules } from './eventOrder.ts';
import type { ProviderDouble } from './providerServer.ts';

export { type Answered, ProviderConnection, ProviderDouble, type Sent } from './providerServer.ts';

export function running<T extends ProviderDouble>(provider: T): T {
  beforeAll(() => provider.start());
  afterEach(() => {
    provider.refusal = undefined;
    expect(provider.faults.splice(0)).toEqual([]);
    expect(brokenRules.splice(0)).toEqual([]);
  });
  afterAll(() => provider.stop());
  return provider;
}
