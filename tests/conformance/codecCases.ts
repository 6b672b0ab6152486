// Codec cases, which need no server: the crate's own example judges them.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Case } from './cases.ts';
import type { Result } from './runCase.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** What the example prints for each case. */
interface Line {
  id: string;
  passed: boolean;
  skipped?: boolean;
  message: string;
}

/** Judges the codec cases among `cases`, which are those of `file`. */
export async function runCodecCases(cases: Case[], file: string): Promise<Result[]> {
  if (cases.length === 0) return [];
  const { lines, problem } = await ask(file);
  return cases.map((testCase) => {
    const line = lines.find(({ id }) => id === testCase.id);
    if (line === undefined) return { testCase, outcome: 'failed', message: `it was not judged: ${problem}` };
    const outcome = line.passed ? 'passed' : line.skipped ? 'skipped' : 'failed';
    return { testCase, outcome, message: line.message };
  });
}

function ask(file: string): Promise<{ lines: Line[]; problem: string }> {
  return new Promise((resolve) => {
    const args = ['run', '--quiet', '--package', 'signalr', '--example', 'codec_cases', '--', file];
    const child = spawn('cargo', args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
    child.on('error', (error) => resolve({ lines: [], problem: String(error) }));
    child.on('close', (code) => {
      const lines = output.split('\n').filter(Boolean);
      const problem = `cargo ended with ${code}: ${errors.trim().split('\n').slice(-3).join(' ')}`;
      resolve({ lines: lines.map((line) => JSON.parse(line) as Line), problem });
    });
  });
}
