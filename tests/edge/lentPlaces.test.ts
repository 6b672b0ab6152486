// Places among the connections of the whole system are lent twice, to shards and by them to keys. Whatever overtakes what
// on the way: nobody has a place that was lent to another as well.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { flaky } from '../harness/flakyObjects.ts';

const TOTAL = 12;

/** As the directory finds the shard of a key. */
function shardOf(key: string): number {
  return (createHash('sha256').update(key).digest()[0] as number) % 16;
}

/** Keys of a shard that is not the first, which lends to itself. */
function keysOfOneShard(): [shard: number, one: string, other: string] {
  const one = 'key-0';
  const shard = shardOf(one);
  expect(shard).not.toBe(0);
  for (let number = 1; ; number += 1) if (shardOf(`key-${number}`) === shard) return [shard, one, `key-${number}`];
}

describe('to keys', () => {
  const front = flaky({ MAX_CONNECTIONS_TOTAL: `${TOTAL}` });

  test('a question that wanted less does not take what another was lent at the same time', async () => {
    const [shard, one, other] = keysOfOneShard();
    const enter = (virtual_key_id: string, places: number, more: number, turn: number) =>
      front.askObject('DIRECTORY', `directory-${shard}`, '/enter', { virtual_key_id, places, more, turn });
    await expect(enter(one, 0, 8, 1)).resolves.toEqual({ Lent: { places: 8, broadcast: 0 } });
    await expect(enter(one, 0, 1, 2)).resolves.toEqual({ Lent: { places: 8, broadcast: 0 } });
    await expect(enter(other, 0, 8, 1)).resolves.toEqual({ Lent: { places: 4, broadcast: 0 } });
    await expect(enter(other, 4, 1, 2)).resolves.toEqual({ Full: { limit: TOTAL } });
  });
});

describe('to shards', () => {
  const front = flaky({ MAX_CONNECTIONS_TOTAL: `${TOTAL}` });
  const say = (path: string) => (shard: number, places: number, turn: number) =>
    front.askObject('DIRECTORY', 'directory-0', path, { shard, places, turn });
  const borrow = say('/borrow');
  const giveBack = say('/give-back');

  test('what was given back is not lent again by a question that was asked before', async () => {
    await expect(borrow(3, 5, 10)).resolves.toBe(5);
    await giveBack(3, 2, 12);
    await expect(borrow(3, 7, 11)).resolves.toBe(2);
    await expect(borrow(4, 12, 1)).resolves.toBe(10);
    await expect(borrow(3, 7, 13)).resolves.toBe(2);
  });

  test('what was asked for is not given back by a word that was said before', async () => {
    await giveBack(4, 0, 2);
    await expect(borrow(5, 6, 20)).resolves.toBe(6);
    await giveBack(5, 1, 19);
    await expect(borrow(6, 12, 1)).resolves.toBe(4);
  });
});
