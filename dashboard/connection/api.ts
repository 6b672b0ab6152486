// What is asked over HTTP, with a key that is never in an address.

/** Gives what opens a request: a key, or a client token that is still good. */
export type Bearer = () => string | Promise<string>;

/** A page of a list. */
export interface Page<T> {
  items: T[];
  next?: string;
}

/** An answer that is a refusal or a failure; status 0 where there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
  }

  /** Whether it is the key that opens nothing. */
  get isRefusal(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

export class Api {
  constructor(private readonly bearer: Bearer) {}

  read<T>(path: string): Promise<T> {
    return this.ask<T>('GET', path);
  }

  /**
   * Asks for something; what has no body answers `undefined`.
   *
   * @throws {ApiError}
   */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { authorization: `Bearer ${await this.bearer()}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = { method, headers, body: body === undefined ? null : JSON.stringify(body) };
    const response = await fetch(path, { ...init, cache: 'no-store', credentials: 'omit' }).catch(() => {
      throw new ApiError(0, 'The server does not answer.');
    });
    if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
    throw new ApiError(
      response.status,
      await detailOf(response),
      Number(response.headers.get('retry-after')) || undefined,
    );
  }
}

/** A list's items, page by page, at most so many. */
export async function all<T>(api: Api, path: string, most = 1_000): Promise<T[]> {
  const items: T[] = [];
  const separator = path.includes('?') ? '&' : '?';
  for (let next: string | undefined = ''; next !== undefined && items.length < most; ) {
    const after: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
    const page: Page<T> = await api.read<Page<T>>(`${path}${separator}limit=${Math.min(most, 1_000)}${after}`);
    items.push(...page.items);
    next = page.next;
  }
  return items;
}

/** What went wrong, in words: of a problem its detail. */
async function detailOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => undefined)) as { detail?: string; title?: string } | undefined;
  return problem?.detail ?? problem?.title ?? `The server answers ${response.status}.`;
}

/** A thrown value in words. */
export function inWords(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
