// JSON values with whole numbers of any size, and short texts of them for reports.

const SHOWN_CHARACTERS = 400;

/** Reads JSON; whole numbers that a double cannot hold become `bigint`. */
export function parseJson(text: string): unknown {
  const revive = (_: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    const tooBig = typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source);
    return tooBig && !Number.isSafeInteger(value) ? BigInt(source) : value;
  };
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

/** Writes JSON; a `bigint` as a number. */
export function writeJson(value: unknown): string {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? rawJSON(`${inner}`) : inner));
}

/** A value on one line that is not too long: binary data as hexadecimal digits, separators visible. */
export function brief(value: unknown): string {
  const text = words(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)` : text;
}

function words(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value instanceof Uint8Array) return isText(value) ? words(Buffer.from(value).toString()) : hex(value);
  return writeJson(value) ?? String(value);
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x1e || byte === 0x0a || byte === 0x0d);
}

/** Whether a value is an object with properties. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
