// A panic in a hub method is a bug of the application, and stays in the call that met it.

import { describe, expect, test } from 'vitest';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

const AT_ONCE = { method: 'Panic', when: 'at once' };
const LATER = { method: 'PanicLater', when: 'after an await' };

describe.each([AT_ONCE, LATER])('a method that panics $when', ({ method }) => {
  test('fails that call alone, in the words of ASP.NET Core', async () => {
    const client = await room().official();
    const text = `An unexpected error occurred invoking '${method}' on the server.`;
    await expect(client.invoke(method)).rejects.toThrow(new Error(text));
    await expect(client.invoke('Echo', 'still here')).resolves.toBe('still here');
    await client.stop();
  });

  test('is not noticed by calls in flight, on its own object or another', async () => {
    const [here, elsewhere] = [room(), room()];
    const [panicking, neighbour, stranger, other] = await Promise.all([
      here.official(),
      here.official({ protocol: 'messagepack' }),
      elsewhere.official(),
      elsewhere.official(),
    ]);
    const inFlight = [
      neighbour.invoke('Wait', 'n'),
      neighbour.invoke('Echo', 'behind it'),
      stranger.invoke('Wait', 's'),
    ];
    const delayed = [other.invoke('Delay', 50, 'd')];
    await expect(panicking.invoke(method)).rejects.toThrow();
    await expect(panicking.invoke('Signal', 'n')).resolves.toBe(true);
    await expect(other.invoke('Signal', 's')).resolves.toBe(true);
    await expect(Promise.all(inFlight)).resolves.toEqual(['n', 'behind it', 's']);
    await expect(Promise.all(delayed)).resolves.toEqual(['d']);
    await Promise.all([panicking, neighbour, stranger, other].map((client) => client.stop()));
  });

  test('takes nothing from the memory of its object or of another', async () => {
    const [here, elsewhere] = [room(), room()];
    const [panicking, stranger] = await Promise.all([here.official(), elsewhere.official()]);
    const instances = () => Promise.all([panicking.invoke('Instance'), stranger.invoke('Instance')]);
    const before = await instances();
    await panicking.invoke('Join', 'group');
    await expect(panicking.invoke(method)).rejects.toThrow();
    expect(await instances()).toEqual(before);
    await expect(panicking.invoke('Tell', 'group', 'hello')).resolves.toBe(1);
    await Promise.all([panicking.stop(), stranger.stop()]);
  });

  test('is silent where no answer is awaited, and the next call is served', async () => {
    const client = await room().raw();
    client.send(`{"type":1,"target":"${method}","arguments":[]}\x1e`);
    await expect(client.invoke('Echo', 'next')).resolves.toBe('next');
    expect(client.records.all).toHaveLength(1);
    await client.close(1000);
  });
});

test('a panic when a connection comes ends that connection alone', async () => {
  const here = room();
  const neighbour = await here.official();
  const client = await here.raw('json', 'panic');
  const close = await client.records.next();
  expect(close).toEqual({ type: 7, error: 'Connection closed with an error.' });
  await expect(client.end()).resolves.toEqual({ code: 1000, reason: '' });
  await expect(neighbour.invoke('Echo', 'still here')).resolves.toBe('still here');
  await neighbour.stop();
});

test('a panic when a connection goes is noticed by nobody', async () => {
  const here = room();
  const neighbour = await here.official({ events: ['Ended'] });
  const client = await here.official({ claims: 'panic-at-end' });
  const id = await client.invoke('Id');
  await client.stop();
  await expect(neighbour.events.next()).resolves.toEqual(['Ended', id]);
  await expect(neighbour.invoke('Ended')).resolves.toEqual([id]);
  await neighbour.stop();
});
