// What one connection asks for is done in the order in which it asked; connections do not wait for each other.

import { describe, expect, test } from 'vitest';
import { invocation, PROTOCOLS } from '../harness/protocol.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('an invocation never overtakes an earlier one of its frame, though that one waits', async () => {
    const here = room();
    const client = await here.raw(protocol);
    client.sendRecords(invocation('Delay', [50, 'first'], '1'), invocation('Echo', ['second'], '2'));
    const completions = await client.records.take(2);
    expect(completions).toMatchObject([
      { invocationId: '1', result: 'first' },
      { invocationId: '2', result: 'second' },
    ]);
    await client.close(1000);
  });

  test('an invocation never overtakes one of an earlier frame, though that one waits', async () => {
    const here = room();
    const [client, other] = await Promise.all([here.raw(protocol), here.raw(protocol)]);
    client.sendRecords(invocation('Wait', ['signal'], '1'));
    client.sendRecords(invocation('Delay', [10, 'second'], '2'));
    client.sendRecords(invocation('Echo', ['third'], '3'));
    await other.invoke('Delay', 50, 'others are served meanwhile');
    expect(client.records.all).toEqual([]);
    await other.invoke('Signal', 'signal');
    await expect(client.records.take(3)).resolves.toMatchObject([
      { invocationId: '1', result: 'signal' },
      { invocationId: '2', result: 'second' },
      { invocationId: '3', result: 'third' },
    ]);
    await Promise.all([client.close(1000), other.close(1000)]);
  });

  test('an invocation of one connection does not wait for those of another', async () => {
    const here = room();
    const [waiting, signalling] = await Promise.all([here.official({ protocol }), here.official({ protocol })]);
    const wait = waiting.invoke('Wait', 'signal');
    const helped = (async () => {
      // The other call may not have begun when this one arrives.
      while (!(await signalling.invoke('Signal', 'signal')));
    })();
    await expect(wait).resolves.toBe('signal');
    await helped;
    await Promise.all([waiting.stop(), signalling.stop()]);
  });

  test('the events a method sends arrive before its completion, in the order in which it sent them', async () => {
    const client = await room().raw(protocol);
    for (const group of ['a', 'b']) await client.invoke('Join', group);
    client.sendRecords(
      invocation('Tell', ['a', '1'], 'first'),
      invocation('Tell', ['b', '2'], 'second'),
      invocation('Tell', ['a', '3']),
      invocation('Void', [], 'third'),
    );
    await expect(client.records.take(6)).resolves.toMatchObject([
      { target: 'Told', arguments: ['a', '1'] },
      { invocationId: 'first', result: 1 },
      { target: 'Told', arguments: ['b', '2'] },
      { invocationId: 'second', result: 1 },
      { target: 'Told', arguments: ['a', '3'] },
      { invocationId: 'third' },
    ]);
    await client.close(1000);
  });

  test('a thousand events arrive in the order in which they were sent', async () => {
    const here = room();
    const [listener, sender] = await Promise.all([here.raw(protocol), here.raw(protocol)]);
    const texts = Array.from({ length: 1_000 }, (_, index) => String(index));
    sender.sendRecords(...texts.map((text) => invocation('TellOthers', [text])));
    const events = await listener.records.take(texts.length);
    expect(events.map((event) => 'arguments' in event && event.arguments[1])).toEqual(texts);
    await Promise.all([listener.close(1000), sender.close(1000)]);
  });
});
