// Realtime sessions that go on: of a key, or of all of them.

import { signal } from '@preact/signals';
import type { RealtimeSessionState } from '../../clients/js/src/index.ts';
import type { Api } from '../connection/api.ts';
import { whileVisible } from './clock.ts';

export interface RealtimeSession {
  connectionId: string;
  model: string;
  provider: string;
  connectedAt: string;
  state: RealtimeSessionState;
  /** Where sessions of all keys are listed. */
  virtualKeyId?: string;
}

interface Answer {
  virtualKeyId?: string;
  activeConnections?: RealtimeSession[];
  items?: RealtimeSession[];
}

/** No hub tells a key of its own sessions, so they are asked for. */
const READ_EVERY_MILLIS = 3_000;

export class RealtimeSessions {
  readonly sessions = signal<RealtimeSession[]>([]);
  /** Whose they are. */
  readonly virtualKeyId = signal<string | undefined>(undefined);
  readonly stop: () => void;

  constructor(
    private readonly api: Api,
    /** `/v1/realtime/connections`, or `/v1/admin/realtime/sessions`. */
    private readonly path: string,
    /** Is told why they could not be read this time. */
    onFailure: (error: unknown) => void = () => {},
  ) {
    this.stop = whileVisible(READ_EVERY_MILLIS, () => void this.load().catch(onFailure));
  }

  async load(): Promise<void> {
    const { virtualKeyId, activeConnections, items } = await this.api.read<Answer>(this.path);
    this.virtualKeyId.value = virtualKeyId;
    this.sessions.value = activeConnections ?? items ?? [];
  }

  async end(connectionId: string): Promise<void> {
    await this.api.ask('DELETE', `${this.path}/${encodeURIComponent(connectionId)}`);
    await this.load();
  }
}
