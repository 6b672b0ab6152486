// What `${…}` becomes.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so the cases write a variable

import { expect, test } from 'vitest';
import { Skip } from './problems.ts';
import { Variables } from './variables.ts';

function claimsOf(token: string): Record<string, number | string> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

test('variables are filled in wherever a text stands', () => {
  const variables = new Variables();
  variables.set('a.id', 'the id');
  variables.set('n', 7);
  const filled = variables.resolve({ path: '/x/${a.id}/y', list: ['${n}', '${a.id}'], number: 1 });
  expect(filled).toEqual({ path: '/x/the id/y', list: [7, 'the id'], number: 1 });
});

test('one without a value makes the case one that cannot be judged', () => {
  expect(() => new Variables().resolve('${nothing}')).toThrow(Skip);
  expect(() => new Variables().pattern('a ${nothing}')).toThrow(Skip);
});

test('tokens are as described', () => {
  const variables = new Variables();
  const now = Date.now() / 1000;
  const plain = claimsOf(variables.resolve('${jwt}'));
  expect(plain.nameid).toBe('user');
  expect(plain.exp).toBeGreaterThan(now + 60);

  const described = claimsOf(variables.resolve('Bearer ${jwt user=u1 exp=now+600 role=admin}').slice('Bearer '.length));
  expect(described).toMatchObject({ nameid: 'u1', role: 'admin' });
  expect(Math.abs(Number(described.exp) - now - 600)).toBeLessThan(2);

  expect(claimsOf(variables.resolve('${jwt expired}')).exp).toBeLessThan(now);
  expect(claimsOf(variables.resolve('${accessKeyJwt aud=url}', 'http://x/y')).aud).toBe('http://x/y');
  const signatures = ['${jwt exp=9999999999}', '${jwt exp=9999999999 wrongKey}'].map((text) => variables.resolve(text));
  expect(signatures[0]?.split('.')[2]).not.toBe(signatures[1]?.split('.')[2]);
});
