// The hubs by every transport that official clients have.

import { HttpTransportType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';

const front = edge();

const WAYS = [
  ['WebSockets', 'json'],
  ['WebSockets', 'messagepack'],
  ['ServerSentEvents', 'json'],
  ['LongPolling', 'json'],
  ['LongPolling', 'messagepack'],
] as const;

describe.each(WAYS)('an official client by %s, in %s', (transport, protocol) => {
  const http = { transport: HttpTransportType[transport], protocol };

  test('subscribes to a task and is told of its progress', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' });
    const client = await front.official(key, { ...http, events: ['TaskStarted', 'TaskProgress'] });
    await client.invoke('SubscribeToTask', 't');
    await expect(client.events.next()).resolves.toEqual(['TaskStarted', 't', 'test', {}]);
    for (const percentComplete of [10, 20, 30]) {
      await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete });
      await expect(client.events.next()).resolves.toEqual(['TaskProgress', 't', percentComplete, null]);
    }
    await client.stop();
  });

  test('hears its key being disabled, and does not come back', async () => {
    const key = await front.createKey();
    const client = await front.official(key, { ...http, reconnect: [0] });
    await front.patchKey(key, { enabled: false });
    await client.end();
    expect(client.life.all).toEqual(['closed']);
  });
});
