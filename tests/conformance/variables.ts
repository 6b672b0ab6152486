// The variables of a case, `${name}` in its texts, and what the texts become.

import { Skip } from './problems.ts';
import { describedToken } from './tokens.ts';
import { isObject } from './values.ts';

/** A variable that has no value yet: what is received gives it one. */
export class Unbound {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** As the case writes it. */
  toJSON(): string {
    return `\${${this.name}}`;
  }
}

export class Variables {
  readonly #values = new Map<string, unknown>();

  set(name: string, value: unknown): void {
    this.#values.set(name, value);
  }

  get(name: string): unknown {
    return this.#values.get(name);
  }

  /** `value` with its variables filled in; `url` is where it goes, for tokens that name it. */
  resolve<T>(value: T, url = ''): T {
    return this.#resolve(value, url, (name) => {
      throw new Skip(`the variable \${${name}} was never set`);
    }) as T;
  }

  /** As `resolve`, but a text that is only a variable without a value becomes an `Unbound`. */
  pattern(value: unknown): unknown {
    return this.#resolve(value, '', (name) => new Unbound(name));
  }

  #resolve(value: unknown, url: string, unset: (name: string) => unknown): unknown {
    if (typeof value === 'string') return this.#fill(value, url, unset);
    if (Array.isArray(value)) return value.map((inner) => this.#resolve(inner, url, unset));
    if (!isObject(value) || value instanceof Unbound) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#resolve(inner, url, unset)]));
  }

  #fill(text: string, url: string, unset: (name: string) => unknown): unknown {
    const lookUp = (name: string) => {
      const [first, ...words] = name.trim().split(/\s+/);
      if (first === 'jwt' || first === 'accessKeyJwt') return describedToken(words, url);
      return this.#values.has(name) ? this.#values.get(name) : unset(name);
    };
    const [, only] = text.match(/^\$\{([^}]*)\}$/) ?? [];
    if (only !== undefined) return lookUp(only);
    return text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      const found = lookUp(name);
      if (found instanceof Unbound) throw new Skip(`the variable \${${name}} was never set`);
      return String(found);
    });
  }
}
