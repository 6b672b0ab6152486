// Numbers and times as people read them, in the language of the page.

/** The language of an element. */
export function languageOf(element: Element): string | undefined {
  const language = element.closest<HTMLElement>('[lang]')?.lang || document.documentElement.lang;
  try {
    return Intl.getCanonicalLocales(language || [])[0];
  } catch {
    return undefined;
  }
}

/** An amount of money; less than one with the digits that LLM calls cost. */
export function money(amount: number, currency: string, language: string | undefined): string {
  const digits = amount !== 0 && Math.abs(amount) < 1 ? 4 : 2;
  const options = { minimumFractionDigits: 2, maximumFractionDigits: digits };
  try {
    return new Intl.NumberFormat(language, { style: 'currency', currency, ...options }).format(amount);
  } catch {
    return `${new Intl.NumberFormat(language, options).format(amount)} ${currency}`;
  }
}

/** A percentage, of which 99.9 is not 100. */
export function percent(value: number, language: string | undefined): string {
  const shown = value < 100 ? Math.min(99, Math.round(value)) : Math.round(value);
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(shown / 100);
}

/** A time of day; nothing of what is no time. */
export function timeOfDay(time: Date, language: string | undefined): string {
  if (Number.isNaN(time.getTime())) return '';
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(time);
}

/** A day; nothing of what is no time. */
export function day(time: Date, language: string | undefined): string {
  if (Number.isNaN(time.getTime())) return '';
  return new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(time);
}

/** How long something takes or took: `12 s`, `3 min`, `5 h`, `2 d`. */
export function duration(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1_000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
