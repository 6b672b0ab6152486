// What the cases say about an answer in words. A sentence that is not in the table is never taken as true.

import type { Answer } from './http.ts';
import { Skip } from './problems.ts';
import { brief, isObject, parseJson } from './values.ts';

/** An answer, or the head of one that goes on. */
export type Subject = Omit<Answer, 'body'> & { body?: Buffer };

/** What is wrong; nothing if the sentence is true. */
type Judge = (subject: Subject, words: string[]) => string | undefined;

const SECONDS_AT_ONCE = 3;

const SENTENCES: [sentence: RegExp, judge: Judge][] = [
  [/^no property (?:of the JSON )?is null$/i, (subject) => nullIn(json(subject), '$')],
  [
    /^content-length equals body length$/i,
    ({ headers, body }) =>
      Number(headers['content-length']) === body?.length ? undefined : `it is ${headers['content-length']}`,
  ],
  [
    /^body is a JSON object without trailing newline or BOM$/i,
    (subject) => {
      const { body } = subject;
      const isBare = body?.[0] === 0x7b && body.at(-1) === 0x7d;
      return isBare && isObject(json(subject)) ? undefined : brief(body);
    },
  ],
  [
    /^no compression|response starts before any message/i,
    ({ headers }) => {
      const encoding = headers['content-encoding'] ?? 'identity';
      return encoding === 'identity' ? undefined : `content-encoding: ${encoding}`;
    },
  ],
  [
    /^200 may carry a last close message/i,
    ({ status, body }) => {
      const records = (body ?? '').toString().split('\x1e').filter(Boolean);
      const areCloses = records.every((record) => (parseJson(record) as { type: unknown }).type === 7);
      return status !== 200 || areCloses ? undefined : brief(body);
    },
  ],
  [
    /^no (\S+)(?: response)? header$/i,
    ({ headers }, [name = '']) => {
      const value = headerOf(headers, name);
      return value === undefined ? undefined : `${name}: ${value}`;
    },
  ],
  [
    /^(?:header )?((?:access-control-)?(?:allow|expose|max)-[\w-]+|[\w-]+-[\w-]+|vary)(?: header)? (?:contains|includes|lists|has) (.+)$/i,
    ({ headers }, [name = '', items = '']) => {
      const value = headerOf(headers, name) ?? '';
      const have = value.toLowerCase().split(/\s*,\s*/);
      const lacking = words(items).filter((item) => !have.includes(item.toLowerCase()));
      return lacking.length === 0 ? undefined : `${name} is "${value}"`;
    },
  ],
  [
    /^(?:header )?((?:access-control-)?(?:allow|expose|max)-[\w-]+|vary)(?: header)? is (?:not|never) (.+)$/i,
    ({ headers }, [name = '', wrong = '']) =>
      headerOf(headers, name) === unquoted(wrong) ? `${name} is ${wrong}` : undefined,
  ],
  [
    /^(?:header )?((?:access-control-)?(?:allow|expose|max)-[\w-]+|vary|[\w]+-[\w-]+)(?: header)? (?:is|==?|equals) (.+)$/i,
    ({ headers }, [name = '', value = '']) => {
      const came = headerOf(headers, name);
      return came === unquoted(value) ? undefined : `${name} is ${came}`;
    },
  ],
  [
    /^(-?[\d.]+) <= \$?\.?([\w.]+) <= (-?[\d.]+)$/,
    (subject, [low, path = '', high]) => {
      const value = fieldOf(json(subject), path);
      const isWithin = typeof value === 'number' && value >= Number(low) && value <= Number(high);
      return isWithin ? undefined : `${path} is ${brief(value)}`;
    },
  ],
  [
    /^\$?\.?(\w+) (?:(?:!=|≠|differs from|is not|is different from) |and )\$?\.?(\w+)(?: differ| are different)?$/,
    (subject, [one = '', other = '']) => {
      const value = json(subject);
      return fieldOf(value, one) === fieldOf(value, other) ? `both are ${brief(fieldOf(value, one))}` : undefined;
    },
  ],
  // A token may be longer, which is one of the deliberate differences: see deviations.ts.
  [
    /^(?:\$?\.?(connectionId|connectionToken)(?: and (connectionToken|connectionId))?).*(?:22|base64url|unreserved)/i,
    (subject, names) => {
      const value = json(subject);
      const wrong = names.filter(Boolean).find((name) => !/^[A-Za-z0-9._~-]{22,}$/.test(`${fieldOf(value, name)}`));
      return wrong && `${wrong} is ${brief(fieldOf(value, wrong))}`;
    },
  ],
  [
    /^(?:availableTransports|transports).* order:? (.+)$/i,
    (subject, [list = '']) => {
      const transports = fieldOf(json(subject), 'availableTransports') as { transport: string }[] | undefined;
      const came = (transports ?? []).map(({ transport }) => transport).join();
      return came === words(list).join() ? undefined : came;
    },
  ],
  [
    /^(?:propert\w*|keys|fields|JSON).* order:? (.+)$/i,
    (subject, [list = '']) => {
      const came = Object.keys((json(subject) ?? {}) as object);
      const wanted = words(list).filter((name) => came.includes(name));
      return came.filter((name) => wanted.includes(name)).join() === wanted.join() ? undefined : came.join();
    },
  ],
  [/^(?:body is empty|empty body|no body)$/i, ({ body }) => (body?.length ? brief(body) : undefined)],
  [
    /^(?:answer(?:s|ed)|returns|comes) (?:at once|immediately|within (\d+) ?(ms|s))$/i,
    ({ elapsedMs }, [amount, unit]) => {
      const limit = amount ? Number(amount) * (unit === 's' ? 1000 : 1) : 0;
      return elapsedMs <= Math.max(limit, SECONDS_AT_ONCE * 1000) ? undefined : `it took ${elapsedMs} ms`;
    },
  ],
  [
    /^(?:takes?|took|answer(?:s|ed)|returns) (?:at least|after(?: at least)?|not before) (\d+) ?(ms|s)$/i,
    ({ elapsedMs }, [amount, unit]) =>
      elapsedMs >= Number(amount) * (unit === 's' ? 1000 : 1) ? undefined : `it took ${elapsedMs} ms`,
  ],
  [
    /^(?:the )?body (contains|starts with|does not contain|equals|is) (.+)$/i,
    ({ body }, [how = '', what = '']) => {
      const [text, part] = [(body ?? '').toString(), unquoted(what)];
      const verdicts: Record<string, boolean> = {
        contains: text.includes(part),
        'starts with': text.startsWith(part),
        'does not contain': !text.includes(part),
        equals: text === part,
        is: text === part,
      };
      return verdicts[how.toLowerCase()] ? undefined : brief(body);
    },
  ],
];

/** What is wrong with a sentence about an answer; nothing if it is true. */
export function judge(sentence: string, subject: Subject): string | undefined {
  for (const [known, verdict] of SENTENCES) {
    const match = sentence.trim().match(known);
    if (match !== null) return verdict(subject, match.slice(1));
  }
  throw new Skip(`assertion not understood: ${sentence}`);
}

/** A header by its name, of which `access-control-` may be left out. */
export function headerOf(headers: Answer['headers'], name: string): string | undefined {
  const key = name.toLowerCase();
  const value = headers[key] ?? headers[`access-control-${key}`];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** The value at a path such as `$.a.b` or `a.b[0]`. */
export function fieldOf(value: unknown, path: string): unknown {
  const names = path.replace(/^\$\.?/, '').match(/[^.[\]]+/g) ?? [];
  return names.reduce<unknown>((inner, name) => {
    const isHolder = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name);
    return isHolder ? (inner as Record<string, unknown>)[name] : undefined;
  }, value);
}

function json({ body }: Subject): unknown {
  try {
    return parseJson((body ?? '').toString());
  } catch {
    return undefined;
  }
}

function words(list: string): string[] {
  return list
    .split(/,| and |\s/)
    .map(unquoted)
    .filter(Boolean);
}

function unquoted(text: string): string {
  return text.trim().replace(/^(['"`])(.*)\1$/, '$2');
}

/** Where there is a null, if anywhere. */
function nullIn(value: unknown, path: string): string | undefined {
  if (value === undefined) return 'the body is no JSON';
  if (value === null) return `${path} is null`;
  if (typeof value !== 'object') return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const found = nullIn(inner, `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
