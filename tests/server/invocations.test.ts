// Calls that cannot be served are answered in the words of ASP.NET Core, and the connection goes on.

import { describe, expect, test } from 'vitest';
import { encode, invocation, PROTOCOLS } from '../harness/protocol.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test.each([
    [
      'an unknown method',
      'Nope',
      [],
      "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist.",
    ],
    ['too few arguments', 'Echo', [], "Failed to invoke 'Echo' due to an error on the server."],
    ['too many arguments', 'Echo', ['a', 'b'], "Failed to invoke 'Echo' due to an error on the server."],
    ['an argument of the wrong type', 'Echo', [{ a: 1 }], "Failed to invoke 'Echo' due to an error on the server."],
    ['null where a string is needed', 'Echo', [null], "Failed to invoke 'Echo' due to an error on the server."],
    [
      'a string where a number is needed',
      'Delay',
      ['1', ''],
      "Failed to invoke 'Delay' due to an error on the server.",
    ],
    [
      'a method that refuses',
      'Refuse',
      ['no, "thanks"'],
      'An unexpected error occurred invoking \'Refuse\' on the server. HubException: no, "thanks"',
    ],
    ['a method that fails', 'Fail', ['secret cause'], "An unexpected error occurred invoking 'Fail' on the server."],
    [
      'a lifecycle callback',
      'connected',
      [],
      "Failed to invoke 'connected' due to an error on the server. HubException: Method does not exist.",
    ],
    [
      'a lifecycle callback of .NET',
      'OnConnectedAsync',
      [],
      "Failed to invoke 'OnConnectedAsync' due to an error on the server. HubException: Method does not exist.",
    ],
  ])('%s is answered with its error, and the next call is served', async (_, target, args, error) => {
    const client = await room().raw(protocol);
    await expect(client.invoke(target, ...args)).rejects.toThrow(new Error(error));
    await expect(client.invoke('Echo', 'next')).resolves.toBe('next');
    await client.close(1000);
  });

  test('a method is found whatever the case of its name', async () => {
    const client = await room().raw(protocol);
    await expect(client.invoke('eCHO', 'x')).resolves.toBe('x');
    await client.close(1000);
  });

  test('a method without a result is answered with null, as by ASP.NET Core', async () => {
    const client = await room().official({ protocol });
    await expect(client.invoke('Void')).resolves.toBeNull();
    await client.stop();
  });

  test('calls that await no answer get none, whether they succeed or not', async () => {
    const client = await room().raw(protocol);
    client.sendRecords(
      invocation('Echo', ['x']),
      invocation('Nope', []),
      invocation('Echo', []),
      invocation('Refuse', ['no']),
      invocation('Fail', ['cause']),
      invocation('Void', []),
    );
    await expect(client.invoke('Echo', 'the only answer')).resolves.toBe('the only answer');
    expect(client.records.all).toHaveLength(1);
    await client.close(1000);
  });

  test('a call for a stream of a method that has none is refused', async () => {
    const client = await room().official({ protocol });
    const streamed = (target: string) =>
      new Promise((resolve) => {
        const subscriber = {
          next: resolve,
          complete: () => resolve('completed'),
          error: (error: Error) => resolve(error.message),
        };
        client.connection.stream(target, 'x').subscribe(subscriber);
      });
    await expect(streamed('Echo')).resolves.toBe(
      "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.",
    );
    await expect(streamed('Nope')).resolves.toBe(
      "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist.",
    );
    await client.stop();
  });

  test('what belongs to no call is passed over', async () => {
    const client = await room().raw(protocol);
    const strays = [
      { type: 2, invocationId: '9', item: 'an item of no stream' },
      { type: 3, invocationId: '9', result: 'an answer to no question' },
      { type: 5, invocationId: '9' },
      { type: 8, sequenceId: 9 },
      { type: 9, sequenceId: 9 },
    ];
    for (const stray of strays) client.send(encode(protocol, stray as never));
    await expect(client.invoke('Echo', 'x')).resolves.toBe('x');
    expect(client.records.all).toHaveLength(1);
    await client.close(1000);
  });
});
