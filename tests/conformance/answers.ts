// Whether an HTTP answer is as a step expects it.

import type { Head } from './http.ts';
import { alike } from './matching.ts';
import { Mismatch, Skip } from './problems.ts';
import { fieldOf, headerOf, judge, type Subject } from './sentences.ts';
import { brief, isObject, parseJson } from './values.ts';

type Expectation = (wanted: any, answer: Subject) => void;

/** Of these, more than asked for may be allowed. */
const LISTS = /^(access-control-(allow|expose)-(headers|methods)|vary|allow)$/i;

const EXPECTATIONS: Record<string, Expectation> = {
  status(wanted, { status, body }) {
    const allowed = String(wanted).split(/[|,]/);
    if (!allowed.includes(String(status))) throw new Mismatch(`status ${wanted}`, `${status} ${body ?? ''}`.trim());
  },
  headers(wanted, { headers }) {
    for (const [name, value] of Object.entries(wanted)) {
      const came = headerOf(headers, name);
      if (!sameHeader(name, value, came)) throw new Mismatch(`header ${name}: ${value}`, came ?? 'no such header');
    }
  },
  headersLack(wanted, { headers }) {
    for (const name of [wanted].flat()) {
      if (headerOf(headers, name) !== undefined) throw new Mismatch(`no header ${name}`, `${headerOf(headers, name)}`);
    }
  },
  json(wanted, answer) {
    if (!alike(wanted, jsonOf(answer), { subset: false })) throw Mismatch.of(wanted, jsonOf(answer));
  },
  jsonSubset(wanted, answer) {
    if (!alike(wanted, jsonOf(answer), { subset: true })) throw Mismatch.of(wanted, jsonOf(answer));
  },
  jsonHas(wanted, answer) {
    const json = jsonOf(answer);
    for (const path of [wanted].flat()) {
      if (fieldOf(json, path) === undefined) throw new Mismatch(`a property ${path}`, brief(json));
    }
  },
  jsonLacks(wanted, answer) {
    const json = jsonOf(answer);
    for (const path of [wanted].flat()) {
      if (fieldOf(json, path) !== undefined) throw new Mismatch(`no property ${path}`, brief(json));
    }
  },
  bodyText(wanted, { body }) {
    if ((body ?? '').toString() !== String(wanted)) throw Mismatch.of(wanted, body);
  },
  bodyContains(wanted, { body }) {
    if (!(body ?? '').toString().includes(wanted)) throw new Mismatch(`a body with ${brief(wanted)}`, brief(body));
  },
  bodyHex(wanted, { body }) {
    if ((body ?? Buffer.alloc(0)).toString('hex') !== wanted.toLowerCase())
      throw new Mismatch(`0x${wanted}`, brief(body));
  },
  bodyLength(wanted, { body }) {
    if ((body?.length ?? 0) !== wanted) throw new Mismatch(`${wanted} bytes`, `${body?.length ?? 0} bytes`);
  },
  assert(wanted, answer) {
    for (const sentence of [wanted].flat()) {
      const problem = judge(sentence, answer);
      if (problem !== undefined) throw new Mismatch(sentence, problem);
    }
  },
};

/** Other names for the same. */
const ALIASES: Record<string, string> = {
  jsonExact: 'json',
  bodyJson: 'json',
  jsonShape: 'json',
  body: 'bodyText',
  contentLength: 'bodyLength',
  asserts: 'assert',
  headersAbsent: 'headersLack',
};

/** Explains, and expects nothing. */
const REMARKS = new Set(['note', 'comment', 'why', 'withinMs']);

/** Checks all that a step expects of an answer; of one that goes on, there is no body. */
export function checkAnswer(expect: unknown, answer: Head & { body?: Buffer }): void {
  if (expect === undefined) return;
  if (!isObject(expect)) throw new Skip(`expectation not understood: ${brief(expect)}`);
  for (const [name, wanted] of Object.entries(expect)) {
    if (REMARKS.has(name)) continue;
    const check = EXPECTATIONS[ALIASES[name] ?? name];
    if (check === undefined) throw new Skip(`expectation not understood: ${name}`);
    check(wanted, answer);
  }
}

/** Whether the expectations are about the body, which must then have come. */
export function needsBody(expect: unknown): boolean {
  return isObject(expect) && Object.keys(expect).some((name) => /^(json|body|content)/.test(name));
}

function jsonOf({ body }: Subject): unknown {
  try {
    return parseJson((body ?? '').toString());
  } catch {
    throw new Mismatch('a body of JSON', brief(body));
  }
}

/** Parameters of a media type, blanks after commas and upper case are no difference. */
function sameHeader(name: string, wanted: unknown, came: string | undefined): boolean {
  if (wanted === null || wanted === false) return came === undefined;
  if (came === undefined) return false;
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/\s*,\s*/g, ',')
      .trim();
  const [want, have] = [plain(String(wanted)), plain(came)];
  if (want === have || (want.startsWith('<') && want.endsWith('>'))) return true;
  if (LISTS.test(name)) return want.split(',').every((item) => have === '*' || have.split(',').includes(item));
  return name.toLowerCase() === 'content-type' && !want.includes(';') && have.split(';')[0]?.trim() === want;
}
