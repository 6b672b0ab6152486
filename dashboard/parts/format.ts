// Numbers and times for people.

const LOCALE = 'en';

/** Money, in whatever currency backends report it; small amounts with more digits, to tell them apart. */
export function money(amount: number): string {
  const digits = amount !== 0 && Math.abs(amount) < 1 ? 4 : 2;
  return amount.toLocaleString(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: digits });
}

export function count(number: number, digits = 0): string {
  return number.toLocaleString(LOCALE, { maximumFractionDigits: digits });
}

export function percent(number: number): string {
  return `${count(number, number < 10 ? 1 : 0)} %`;
}

/** A time of day. */
export function clock(millis: number): string {
  return new Date(millis).toLocaleTimeString(LOCALE, { hour12: false });
}

/** A day and a time, to the minute or, where it is `medium`, the second. */
export function date(text: string, timeStyle: 'short' | 'medium' = 'short'): string {
  return new Date(text).toLocaleString(LOCALE, { dateStyle: 'medium', timeStyle, hour12: false });
}

/** A duration in its two largest units, such as `3 m 20 s`. */
export function duration(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function ago(millis: number, now: number): string {
  const age = now - millis;
  return age < 5_000 ? 'now' : `${duration(age).split(' ').slice(0, 2).join(' ')} ago`;
}

/** One of something, or several. */
export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}
