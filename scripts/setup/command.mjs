// Runs other programs: quietly for an answer, or as a step that the reader can watch.

import { spawn } from 'node:child_process';

/** How often a step whose output is hidden says that it still works. */
const STILL_WORKING_MILLIS = 30_000;

/** Runs a program and returns `{ code, stdout, stderr }`. A program that is not there ends with code 127. */
export function ask(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', (error) => resolve({ code: 127, stdout, stderr: String(error) }));
    child.on('close', (code, signal) => resolve({ code: code ?? 1, signal, stdout, stderr }));
  });
}

/**
 * Runs a program that takes a while. On a terminal its own progress is shown; elsewhere (CI, a pipe) a line when it
 * begins, every half minute, and when it ends, and its output only if it fails.
 */
export async function step(title, program, args, options = {}) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const onTerminal = process.stderr.isTTY;
  say(`${title} …`);

  const result = await new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: onTerminal ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    const stillWorking = setInterval(() => {
      if (!onTerminal) say(`${title} … ${seconds()} s`);
    }, STILL_WORKING_MILLIS);
    const done = (code, signal, error) => {
      clearInterval(stillWorking);
      const text = Buffer.concat(output).toString();
      resolve({ code: code ?? 1, signal, output: error ? String(error) : text });
    };
    child.on('error', (error) => done(127, null, error));
    child.on('close', (code, signal) => done(code, signal));
  });

  if (result.code === 0) say(`${title}: ${seconds()} s`);
  return result;
}

/** Runs a program whose output the reader wants to see whatever happens, and returns it as well. */
export function show(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const output = [];
    for (const [stream, screen] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.on('data', (chunk) => {
        screen.write(chunk);
        output.push(chunk);
      });
    }
    child.on('error', (error) => resolve({ code: 127, output: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(output).toString() }));
  });
}

/** As `step`, but a failure shows what the program said and ends everything. */
export async function mustStep(title, program, args, options) {
  const result = await step(title, program, args, options);
  if (result.code === 0) return result;
  process.stderr.write(result.output);
  throw new StepFailed(`${title} failed (${result.signal ?? `exit code ${result.code}`})`);
}

/** A program that we started failed; what it said is on the screen already. */
export class StepFailed extends Error {}

/** One line about what is going on. On stderr, so that what a command prints on stdout can be piped. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}
