// Rules on all that the server sent in a run, by the words the cases have for them.

import { Mismatch, Skip } from './problems.ts';
import type { Received } from './received.ts';
import type { Recorded, Transcript } from './transcript.ts';
import { brief, isObject } from './values.ts';

/** What is wrong with a message, if anything. */
type MessageRule = (message: Received, recorded: Recorded) => string | undefined;

/** What is wrong with a connection as a whole, if anything. */
type ConnectionRule = (recorded: Recorded) => string | undefined;

interface Rule {
  words: RegExp;
  message?: MessageRule;
  connection?: ConnectionRule;
  negotiation?: (answer: unknown) => string | undefined;
}

/** Properties whose values are the application's: what is in them is no business of the protocol. */
const PAYLOADS = new Set(['result', 'item', 'arguments']);

const RULES: Rule[] = [
  { words: /negotiat|transferFormats|availableTransports/i, negotiation: negotiationIsSound },
  {
    words: /null-valued property|no null/i,
    message: ({ value }) => {
      const name = isObject(value) ? Object.keys(value).find((key) => value[key] === null && !PAYLOADS.has(key)) : '';
      return name ? `${name} is null` : undefined;
    },
  },
  {
    words: /8 and 9|ack and sequence/i,
    message: ({ value }, { connection }) =>
      [8, 9].includes(Number(typeIn(value))) && !connection.isStateful ? 'without stateful reconnect' : undefined,
  },
  {
    words: /6 elements|always has 6/i,
    message: ({ value }) => {
      if (!Array.isArray(value)) return undefined;
      if (value[0] === 1 && value.length !== 6) return `${value.length} elements`;
      return Number(value[0]) <= 5 && !isObject(value[1]) ? 'headers are no map' : undefined;
    },
  },
  {
    words: /close.*3 elements/i,
    message: ({ value }) =>
      Array.isArray(value) && value[0] === 7 && value.length !== 3 ? 'not 3 elements' : undefined,
  },
  {
    words: /unknown message types?/i,
    message: ({ value, isHandshake }) => {
      const type = typeIn(value);
      return isHandshake || [1, 2, 3, 6, 7, 8, 9].includes(Number(type)) ? undefined : `type ${brief(type)}`;
    },
  },
  {
    words: /streamIds/i,
    message: ({ value }) => {
      const ids = Array.isArray(value) ? (value[0] === 1 ? value[5] : []) : isObject(value) ? value.streamIds : [];
      return ids === undefined || (Array.isArray(ids) && ids.length === 0) ? undefined : 'has stream ids';
    },
  },
  {
    words: /after (a |the )?close/i,
    connection: ({ connection }) => {
      const { all } = connection.inbound;
      const close = all.findIndex(({ value, isHandshake }) => !isHandshake && typeIn(value) === 7);
      const later = close < 0 ? undefined : all.find(({ socket }, at) => at > close && socket === all[close]?.socket);
      return later && `after it came ${brief(later.raw)}`;
    },
  },
  {
    words: /result.*error|error.*result|exclusive/i,
    message: ({ value }) =>
      isObject(value) && value.error !== undefined && value.result !== undefined ? 'has both' : undefined,
  },
  {
    words: /headers/i,
    message: ({ value }) => (isObject(value) && 'headers' in value ? 'has headers' : undefined),
  },
  {
    words: /invocationId/i,
    message: ({ value }) => {
      const id = Array.isArray(value) ? (Number(value[0]) <= 5 ? value[2] : undefined) : (value as any)?.invocationId;
      const isAbsent = id === undefined || (id === null && Array.isArray(value) && value[0] === 1);
      return isAbsent || (typeof id === 'string' && id !== '') ? undefined : `the id is ${brief(id)}`;
    },
  },
  {
    words: /allowReconnect/i,
    message: ({ value }) => (isObject(value) && value.allowReconnect === false ? 'is written as false' : undefined),
  },
  {
    words: /text frames?|binary frames?|frame type|opcode/i,
    message: ({ value, frame, isHandshake }) => {
      if (isHandshake || (frame !== 'text' && frame !== 'binary')) return undefined;
      return (frame === 'binary') === Array.isArray(value) ? undefined : `came in a ${frame} frame`;
    },
  },
  {
    words: /split|whole|partial|boundar|ends (on|with)|0x1e|separator/i,
    connection: ({ connection }) =>
      connection.inbound.splits > 0 ? `${connection.inbound.splits} frames split a message` : undefined,
  },
  {
    words: /handshake/i,
    connection: ({ connection }) => {
      const [first] = connection.inbound.all;
      if (first === undefined || !first.isHandshake) return undefined;
      const isAnswer = isObject(first.value) && Object.keys(first.value).every((key) => key === 'error');
      return isAnswer ? undefined : `the first was ${brief(first.raw)}`;
    },
  },
  {
    words: /numeric|number/i,
    message: ({ value, isHandshake }) =>
      isHandshake || typeof typeIn(value) === 'number' ? undefined : `the type is ${brief(typeIn(value))}`,
  },
];

function typeIn(value: unknown): unknown {
  if (Array.isArray(value)) return value[0];
  return isObject(value) ? value.type : undefined;
}

function negotiationIsSound(answer: unknown): string | undefined {
  if (!isObject(answer)) return 'it is no object';
  const empty = Object.keys(answer).find((key) => answer[key] === null);
  if (empty !== undefined) return `${empty} is null`;
  const known = ['WebSockets', 'ServerSentEvents', 'LongPolling'];
  const transports = (answer.availableTransports ?? []) as { transport: string; transferFormats: string[] }[];
  const odd = transports.find((one) => !known.includes(one.transport) || !(one.transferFormats?.length > 0));
  return odd && `the transport ${brief(odd)}`;
}

/** Checks a rule; a failure names the first message that breaks it. */
export function checkRule(words: string, transcript: Transcript): void {
  const rule = RULES.find((one) => one.words.test(words));
  if (rule === undefined) throw new Skip(`rule on the transcript not understood: ${words}`);
  const { connections, negotiations } = transcript;
  if (connections.every(({ connection }) => connection.inbound.all.length === 0)) {
    throw new Skip('no other case of the file has recorded anything');
  }
  for (const { caseId, answer } of negotiations) {
    const problem = rule.negotiation?.(answer);
    if (problem !== undefined) throw new Mismatch(words, `in ${caseId}, ${brief(answer)}: ${problem}`);
  }
  for (const recorded of connections) {
    const where = `in ${recorded.caseId}, connection ${recorded.connection.place.name}`;
    const problem = rule.connection?.(recorded);
    if (problem !== undefined) throw new Mismatch(words, `${where}: ${problem}`);
    for (const message of recorded.connection.inbound.all) {
      const wrong = message.isHandshake && message.value === undefined ? undefined : rule.message?.(message, recorded);
      if (wrong !== undefined) throw new Mismatch(words, `${where}, ${brief(message.raw)}: ${wrong}`);
    }
  }
}
