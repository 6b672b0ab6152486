// Log lines: quiet unless something is wrong, talkative in debug mode, and never with a key in them.

import { type ILogger, LogLevel } from '@microsoft/signalr';
import type { KeyRing } from './keyRing.ts';

/** Where lines go; the console is one. */
export type LogSink = Pick<Console, 'debug' | 'info' | 'warn' | 'error'>;

const PREFIX = '[ConduitSignalR]';

export class Logger implements ILogger {
  isDebugging = false;

  constructor(
    private readonly keys: KeyRing,
    private readonly sink: LogSink,
  ) {}

  log(level: LogLevel, message: string): void {
    if (level < (this.isDebugging ? LogLevel.Debug : LogLevel.Warning) || level >= LogLevel.None) return;
    const line = `${PREFIX} ${this.keys.redact(message)}`;
    if (level >= LogLevel.Error) this.sink.error(line);
    else if (level === LogLevel.Warning) this.sink.warn(line);
    else if (level === LogLevel.Information) this.sink.info(line);
    else this.sink.debug(line);
  }
}
