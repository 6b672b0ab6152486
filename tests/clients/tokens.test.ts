// ConduitSignalRService with client tokens that expire under it.

import { expect, test } from 'vitest';
import { clientServices, eventsOf } from '../harness/clientServices.ts';
import { ConnectionLife } from '../harness/connectionLife.ts';
import { edge } from '../harness/edge.ts';

const front = edge({ vars: { CLOSE_ON_AUTHENTICATION_EXPIRATION: 'true' } });
const service = clientServices();

test.each(['WebSockets', 'ServerSentEvents', 'LongPolling'] as const)(
  'whoever fetches tokens stays connected past the end of one, by %s',
  async (transport) => {
    const key = await front.createKey();
    let fetched = 0;
    const restrictions = () => ({ hubs: ['tasks'], ttlSeconds: ++fetched <= 2 ? 2 : 600 });
    const client = service(front, undefined, { virtualKey: () => front.clientToken(key, restrictions()) });
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks', null, { transports: [transport] });
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    const life = new ConnectionLife(client, 'tasks');
    await expect(life.tells('reconnected')).resolves.toMatchObject({ recovered: true });
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    await expect(events.next()).resolves.toContain('t');
    expect(client.getTransport('tasks')).toBe(transport);
  },
);

test('a token that does not open a hub is refused there, and opens others', async () => {
  const key = await front.createKey();
  const client = service(front, undefined, { virtualKey: await front.clientToken(key, { hubs: ['tasks'] }) });
  await client.connectToHub('tasks');
  await expect(client.connectToHub('spend')).rejects.toMatchObject({ code: 'unauthorized' });
  expect(client.getActiveConnections()).toEqual(['tasks']);
});
