// The OpenAPI document, and whether an answer is as it says.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export interface Operation {
  operationId: string;
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { required: boolean; content: Record<string, object> };
  responses: Record<string, Answer>;
}

interface Answer {
  $ref?: string;
  content?: Record<string, object>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Record<string, unknown>>; responses: Record<string, Answer> };
}

/** One method of one path. */
export interface Route {
  method: string;
  path: string;
  operation: Operation;
}

export const OPENAPI_FILE = fileURLToPath(new URL('../../public/openapi.json', import.meta.url));

const ID = 'openapi';

/** Formats that say how large a number is; `minimum` says what matters of it. */
const NUMBERS = ['uint', 'uint16', 'uint32', 'uint64', 'int32', 'int64', 'double'];

/** The document as it is built, with its schemas ready to be asked. */
export class OpenApi {
  readonly document: Document = JSON.parse(readFileSync(OPENAPI_FILE, 'utf8'));
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor() {
    addFormats.default(this.#ajv);
    for (const format of NUMBERS) this.#ajv.addFormat(format, true);
    const strict = structuredClone(this.document);
    // A description may have more members than it says, an answer may not.
    for (const schema of Object.values(strict.components.schemas)) {
      if ('properties' in schema) schema.additionalProperties ??= false;
    }
    this.#ajv.addSchema(strict, ID);
  }

  get routes(): Route[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
  }

  /** The types of problems that a route refuses with, by status. */
  problems({ operation }: Route): { status: number; type: string }[] {
    return Object.entries(operation.responses).flatMap(([status, answer]) => {
      const { content } = this.#resolved(answer);
      const text = JSON.stringify(content?.['application/problem+json'] ?? {});
      return [...new Set(text.match(/urn:conduit:problem:[a-z-]+/g))].map((type) => ({ status: Number(status), type }));
    });
  }

  /** What is wrong with a body that is sent; nothing where it may be sent. */
  faultsOfBody({ method, path }: Route, mediaType: string, body: unknown): string[] {
    return this.#faults(['paths', path, method.toLowerCase(), 'requestBody', 'content', mediaType, 'schema'], body);
  }

  /** What is wrong with an answer; nothing where it is as the document says. */
  async faults({ method, path, operation }: Route, response: Response): Promise<string[]> {
    const status = `${response.status}`;
    const declared = operation.responses[status];
    if (declared === undefined) return [`${method} ${path} does not answer ${status}`];
    const { content } = this.#resolved(declared);
    const text = await response.text();
    if (content === undefined) return text === '' ? [] : [`${status} has no body, not ${text}`];
    const type = response.headers.get('content-type') ?? '';
    const known = Object.keys(content).find((mediaType) => type === mediaType || type.split(';')[0] === mediaType);
    if (known === undefined) return [`${status} is not written as ${type}`];
    const isJson = known === 'application/json' || known.endsWith('+json');
    const pointer =
      declared.$ref === undefined
        ? ['paths', path, method.toLowerCase(), 'responses', status]
        : declared.$ref.slice(2).split('/');
    return this.#faults([...pointer, 'content', known, 'schema'], isJson ? JSON.parse(text) : text);
  }

  #resolved(answer: Answer): Answer {
    const name = answer.$ref?.split('/').at(-1);
    return name === undefined ? answer : (this.document.components.responses[name] ?? answer);
  }

  #faults(pointer: string[], value: unknown): string[] {
    const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
    const $ref = `${ID}#/${escaped.join('/')}`;
    let validate = this.#compiled.get($ref);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref });
      this.#compiled.set($ref, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}
