// One script by every transport and in every protocol that official clients have: what works by one works by all.

import { HttpTransportType, type HubConnection, Subject } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { eventually, within } from '../harness/deadline.ts';
import { testWorker } from '../harness/testWorker.ts';

const worker = testWorker();

const WAYS = [
  ['WebSockets', 'json'],
  ['WebSockets', 'messagepack'],
  ['ServerSentEvents', 'json'],
  ['LongPolling', 'json'],
  ['LongPolling', 'messagepack'],
] as const;

/** All items of a stream, once it has ended. */
function collect<T>(connection: HubConnection, target: string, ...args: unknown[]): Promise<T[]> {
  const items: T[] = [];
  const ended = new Promise<T[]>((resolve, reject) => {
    connection.stream<T>(target, ...args).subscribe({
      next: (item) => items.push(item),
      complete: () => resolve(items),
      error: reject,
    });
  });
  return within(ended, () => `the end of the stream ${target}; so far ${items.length} items`);
}

describe.each(WAYS)('by %s, in %s', (name, protocol) => {
  const way = { transport: HttpTransportType[name], protocol, skipNegotiation: false };

  test('a client invokes, and is refused what it may not', async () => {
    const client = await worker.room().official(way);
    await expect(client.invoke('Echo', 'ü\n🦊')).resolves.toBe('ü\n🦊');
    await expect(client.invoke('Void')).resolves.toBe(null);
    await expect(client.invoke('Refuse', 'no')).rejects.toThrow('HubException: no');
    await expect(client.invoke('Nothing')).rejects.toThrow('Method does not exist');
    await client.stop();
  });

  test('a stream brings its items in order, and an upload is read to its end', async () => {
    const client = await worker.room().official(way);
    await expect(collect(client.connection, 'Count', 1_000)).resolves.toEqual(
      Array.from({ length: 1_000 }, (_, i) => i),
    );
    const numbers = new Subject<number>();
    const sum = client.invoke('Sum', numbers);
    for (const number of [1, 2, 3.5]) numbers.next(number);
    numbers.complete();
    await expect(sum).resolves.toBe(6.5);
    await client.stop();
  });

  test('a stream goes both ways at once, and two uploads do not disturb each other', async () => {
    const client = await worker.room().official(way);
    const first = new Subject<number>();
    const doubled = collect<number>(client.connection, 'Double', first);
    const second = new Subject<number>();
    const sum = client.invoke('Sum', second);
    for (const number of [1, 2, 3]) {
      first.next(number);
      second.next(10 * number);
    }
    second.complete();
    await expect(sum).resolves.toBe(60);
    first.complete();
    await expect(doubled).resolves.toEqual([2, 4, 6]);
    await client.stop();
  });

  test('a stream that nobody wants any more ends', async () => {
    const room = worker.room();
    const client = await room.official(way);
    const items: number[] = [];
    const wanted = new Promise<void>((resolve) => {
      const subscription = client.connection.stream<number>('CountSlowly', 1_000_000, 1).subscribe({
        next: (item) => {
          items.push(item);
          if (items.length === 3) {
            subscription.dispose();
            resolve();
          }
        },
        complete: () => {},
        error: () => {},
      });
    });
    await within(wanted, 'three items');
    // It would keep its object awake for ever.
    await expect(client.invoke('Echo', 'x')).resolves.toBe('x');
    await client.stop();
    expect(items.slice(0, 3)).toEqual([0, 1, 2]);
  });

  test('the server asks the client, while other methods wait their turn', async () => {
    const client = await worker.room().official(way);
    client.connection.on('Ask', (question: string) => `${question}!`);
    const [answer, echo] = await Promise.all([client.invoke('AskMe', 'really'), client.invoke('Echo', 'x')]);
    expect([answer, echo]).toEqual(['really!', 'x']);
    client.connection.off('Ask');
    await expect(client.invoke('AskMe', 'again')).rejects.toThrow("Client didn't provide a result");
    await client.stop();
  });

  test('groups, others and everybody are told, in order', async () => {
    const room = worker.room();
    const options = { ...way, events: ['Told', 'Event'] };
    const [member, other] = await Promise.all([room.official(options), room.official(options)]);
    await member.invoke('Join', 'g');
    for (let number = 0; number < 20; number += 1) await other.invoke('Tell', 'g', `${number}`);
    const told = await member.events.take(20);
    expect(told).toEqual(Array.from({ length: 20 }, (_, number) => ['Told', 'g', `${number}`]));
    await member.invoke('TellOthers', 'hello');
    await expect(other.events.next()).resolves.toEqual(['Told', 'others', 'hello']);
    await member.invoke('Leave', 'g');
    await expect(other.invoke('Tell', 'g', 'nobody')).resolves.toBe(0);
    await expect(room.publish('all')).resolves.toMatchObject({ recipients: 2 });
    await expect(member.events.next()).resolves.toEqual(['Event', 'all']);
    await Promise.all([member.stop(), other.stop()]);
  });

  test('the hub hears once that a client has gone', async () => {
    const room = worker.room();
    const [leaving, staying] = await Promise.all([room.official(way), room.official({ events: ['Ended'] })]);
    const id = await leaving.invoke('Id');
    await leaving.stop();
    await expect(staying.events.next()).resolves.toEqual(['Ended', id]);
    await expect(staying.invoke('Ended')).resolves.toEqual([id]);
    await staying.stop();
  });

  test('a client that is closed for good does not come back, and one that may does', async () => {
    const client = await worker.room().official({ ...way, reconnect: [0, 0, 0] });
    await client.invoke('Abort').catch(() => {});
    await client.end();
    expect(client.life.all).toEqual(['closed']);
  });

  test('groups and identity outlive the sleep of the object', async () => {
    const room = worker.room();
    const [client, teller] = await Promise.all([room.official({ ...way, events: ['Told'] }), room.official()]);
    await client.invoke('Join', 'g');
    const id = await client.invoke('Id');
    const instance = await teller.invoke('Instance');
    // Between two polls a timer keeps the object awake; it is put to sleep while one is held.
    await eventually(
      'the sleep',
      () => room.sleep().then(() => teller.invoke('Instance')),
      (now) => now !== instance,
    );
    await expect(teller.invoke('Tell', 'g', 'after')).resolves.toBe(1);
    await expect(client.events.next()).resolves.toEqual(['Told', 'g', 'after']);
    await expect(client.invoke('Id')).resolves.toBe(id);
    await Promise.all([client.stop(), teller.stop()]);
  });
});
