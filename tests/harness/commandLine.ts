// The command line as its users run it: the real binary, with an environment of its own.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { within } from './deadline.ts';
import { Inbox } from './inbox.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** `cargo build -p conduit-cli` makes it. */
const BINARY = join(PROJECT, process.env.CARGO_TARGET_DIR ?? 'target', 'debug', 'conduit');

/** What the commands read from the environment. */
export interface Settings {
  CONDUIT_URL?: string;
  CONDUIT_KEY?: string;
  CONDUIT_MASTER_KEY?: string;
  CONDUIT_TOKEN?: string;
  NO_COLOR?: string;
}

/** What a command did. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command that runs. */
export class Running {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<Ended>;
  /** The lines that it prints, as they come. */
  readonly lines: Inbox<string>;
  /** What it says beside that. */
  readonly asides: Inbox<string>;

  constructor(args: string[], settings: Settings, input?: string) {
    // Nothing of this machine's: what the developer has set would decide.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...settings };
    this.#child = spawn(BINARY, args, { env });
    this.lines = new Inbox(`conduit ${args.join(' ')}`);
    this.asides = new Inbox(`conduit ${args.join(' ')}, beside what it prints`);
    const written = { stdout: '', stderr: '' };
    for (const [name, inbox] of [
      ['stdout', this.lines],
      ['stderr', this.asides],
    ] as const) {
      const stream = this.#child[name].setEncoding('utf8');
      stream.on('data', (text: string) => {
        written[name] += text;
      });
      createInterface(stream).on('line', (line) => inbox.push(line));
    }
    // One that finds its command line wrong does not read.
    this.#child.stdin.on('error', () => {});
    if (input !== undefined) this.#child.stdin.end(input);
    this.#ended = once(this.#child, 'close').then(([code]) => ({ code: code as number | null, ...written }));
  }

  /** Gives it more to read. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Gives it nothing more to read. */
  endOfInput(): void {
    this.#child.stdin.end();
  }

  /** What it did, when it has ended. */
  ended(): Promise<Ended> {
    return within(this.#ended, 'a command to end');
  }

  /** Ctrl-C. */
  interrupt(): Promise<Ended> {
    this.#child.kill('SIGINT');
    return this.ended();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Runs a command to its end. */
export function conduit(args: string[], settings: Settings = {}, input = ''): Promise<Ended> {
  return new Running(args, settings, input).ended();
}

/** The JSON that a command prints, which must be one value. */
export function json<T>({ stdout }: Ended): T {
  return JSON.parse(stdout) as T;
}

/** The JSON values that a command prints, one a line. */
export function jsonLines<T>({ stdout }: Ended): T[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** What a command that was told `--json` says went wrong. */
export function failure({ stderr }: Ended): { kind: string; message: string; exitCode: number } {
  return (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: ReturnType<typeof failure> }).error;
}
