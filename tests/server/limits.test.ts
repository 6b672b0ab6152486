// Limits of a connection, and what it reads when it reaches one.

import { describe, expect, test } from 'vitest';
import { invocation, PROTOCOLS } from '../harness/protocol.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

/** As in the test Worker's `ServerOptions`. */
const MAX_GROUPS = 1_000;
const BURST = 2_000;

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('a connection joins as many groups as it may, and no more', async () => {
    const here = room();
    const [client, other] = await Promise.all([here.raw(protocol), here.raw(protocol)]);
    client.sendRecords(...numbers(MAX_GROUPS).map((group) => invocation('Join', [group])));
    const tooMany = "An unexpected error occurred invoking 'Join' on the server. HubException: Too many subscriptions";
    await expect(client.invoke('Join', 'one more')).rejects.toThrow(new Error(tooMany));
    // One that it is in already is none more, others are not concerned, and leaving makes room.
    await client.invoke('Join', '7');
    await other.invoke('Join', 'one more');
    await client.invoke('Leave', '7');
    await client.invoke('Join', 'one more');
    await expect(other.invoke('Tell', 'one more', 'x')).resolves.toBe(2);
    await expect(other.invoke('Tell', '7', 'x')).resolves.toBe(0);
    await Promise.all([client.close(1000), other.close(1000)]);
  });

  test('the limit of groups holds after a sleep', async () => {
    const here = room();
    const client = await here.raw(protocol);
    client.sendRecords(...numbers(MAX_GROUPS).map((group) => invocation('Join', [group])));
    await client.invoke('Echo', 'all are joined');
    await here.sleep();
    await expect(client.invoke('Join', 'one more')).rejects.toThrow('Too many subscriptions');
    await client.close(1000);
  });

  test('a connection invokes as often as it may in a burst, and then reads that it may not', async () => {
    const here = room();
    const [client, other] = await Promise.all([here.raw(protocol), here.raw(protocol)]);
    client.sendRecords(...numbers(BURST + 10).map((id) => invocation('Void', [], id)));
    const completions = (await client.records.take(BURST + 10)) as { invocationId: string; error?: string }[];
    const refused = completions.filter((completion) => completion.error !== undefined);
    expect(new Set(refused.map((completion) => completion.error))).toEqual(
      new Set([
        "An unexpected error occurred invoking 'Void' on the server. HubException: Rate limit exceeded. Please try again later.",
      ]),
    );
    expect(refused.map((completion) => completion.invocationId).sort()).toEqual(
      numbers(BURST + 10)
        .slice(BURST)
        .sort(),
    );
    await expect(other.invoke('Echo', 'others are not concerned')).resolves.toBe('others are not concerned');
    await Promise.all([client.close(1000), other.close(1000)]);
  });

  test('calls over the limit that await no answer get none', async () => {
    const client = await room().raw(protocol);
    client.sendRecords(...numbers(BURST + 10).map(() => invocation('Void', [])), invocation('Void', [], 'last'));
    await expect(client.completion('last')).resolves.toMatchObject({
      error: expect.stringContaining('Rate limit exceeded'),
    });
    expect(client.records.all).toHaveLength(1);
    await client.close(1000);
  });
});
