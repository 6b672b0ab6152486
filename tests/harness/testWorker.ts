// The test Worker (`tests/worker`): one object for each room, with a hub that does what no real one should.

import { afterAll, beforeAll } from 'vitest';
import { type ClientOptions, OfficialClient } from './officialClient.ts';
import type { ProtocolName } from './protocol.ts';
import { RawClient } from './rawClient.ts';
import { WorkerInstance } from './workerInstance.ts';

const WORKER = 'tests/worker';

/**
 * Rooms with other options: with stateful reconnect, closing slow readers after little, or where events that follow each
 * other wait for a minute, for a moment or never.
 */
export type Kind = 'sr' | 'slow' | 'hold' | 'short' | 'off';

/** Runs the test Worker for the tests of a file. */
export function testWorker(): { room(kind?: Kind): Room } {
  let instance: WorkerInstance | undefined;
  let rooms = 0;
  beforeAll(async () => {
    instance = await WorkerInstance.start(WORKER, 'test-worker', {});
  });
  afterAll(() => instance?.stop());
  return {
    room(kind) {
      if (instance === undefined) throw new Error('rooms exist only while tests run');
      return new Room(instance, `/room-${kind === undefined ? '' : `${kind}-`}${++rooms}`);
    },
  };
}

/** One object of the test Worker, which nothing else uses. */
export class Room {
  readonly url: string;

  constructor(
    private readonly instance: WorkerInstance,
    private readonly name: string,
  ) {
    this.url = instance.url + name;
  }

  /** An official client in the room; `claims` say what its hub does when it comes or goes. */
  official(options: ClientOptions & { claims?: string } = {}): Promise<OfficialClient> {
    const { claims = '', ...rest } = options;
    return OfficialClient.connect(`${this.url}?${claims}`, { skipNegotiation: true, ...rest });
  }

  /** A raw client in the room whose handshake is done. */
  raw(protocol: ProtocolName = 'json', claims = ''): Promise<RawClient> {
    return RawClient.connect(`${this.url}?${claims}`, protocol);
  }

  /** A raw client in the room that has said nothing yet. */
  silent(claims = ''): Promise<RawClient> {
    return RawClient.open(`${this.url}?${claims}`);
  }

  /** Sends the event `Event` to everybody in the room from outside of any connection. */
  async publish(text: string): Promise<{ recipients: number; instance: number }> {
    const response = await fetch(this.url, { method: 'POST', body: text });
    return (await response.json()) as { recipients: number; instance: number };
  }

  /** Puts the room's object to sleep with its sockets open. */
  sleep(): Promise<void> {
    return this.instance.sleep('Room', this.name);
  }

  /** Whether the room's object sleeps. */
  sleeps(): Promise<boolean> {
    return this.instance.sleeps('Room', this.name);
  }
}
