// What a case sends on a connection.

import type { Step } from '../cases.ts';
import { Skip } from '../problems.ts';
import type { World } from '../world.ts';

export async function send(world: World, step: Step): Promise<void> {
  const connection = world.on(step);
  const messages = step.msgs ?? [step.msg];
  for (const message of messages) await connection.send(world.variables.resolve(message));
}

/** Bytes as they are. */
export async function sendRaw(world: World, step: Step): Promise<void> {
  const connection = world.on(step);
  const frame = step.frame === 'text' || step.frame === 'binary' ? step.frame : undefined;
  if (step.hex !== undefined) {
    await connection.sendRaw(Buffer.from(step.hex, 'hex'), frame ?? 'binary');
    return;
  }
  if (typeof step.text !== 'string') throw new Skip('sendRaw without text or hex');
  await connection.sendRaw(Buffer.from(world.variables.resolve(step.text)), frame ?? 'text');
}

/** An invocation whose one argument is so long that the message has so many bytes with its frame. */
export async function sendSized(world: World, step: Step): Promise<void> {
  const connection = world.on(step);
  const size = Number(step.framedBytes ?? step.bytes ?? step.size);
  const fill = String(step.fill ?? 'x');
  const sized = (length: number) => connection.framed(invocation(world, step, fill.repeat(length)));
  // What frames the argument grows with it: by the second round it is as long as it will be.
  let length = Math.max(0, size - sized(0).length);
  for (let round = 0; round < 3; round++) length = Math.max(0, length + size - sized(length).length);
  const framed = sized(length);
  if (framed.length !== size) throw new Skip(`no message of ${step.target} has exactly ${size} bytes`);
  await connection.sendRaw(framed);
}

/** The long argument comes behind those that the step has. */
function invocation(world: World, step: Step, long: string): unknown {
  const { target = 'Length', invocationId } = step;
  const args = [...world.variables.resolve(step.arguments ?? []), long];
  if (world.on(step).protocol === 'messagepack') return [1, {}, invocationId ?? null, target, args, []];
  const id = invocationId === undefined ? {} : { invocationId };
  return { type: 1, ...id, target, arguments: args };
}
