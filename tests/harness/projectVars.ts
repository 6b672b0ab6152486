// Variables of every Worker that a project of vitest.config.ts starts: a file's own come over them.

/** From the project's `env`, as JSON. */
export const PROJECT_VARS: Record<string, string> = JSON.parse(process.env.PROJECT_VARS ?? '{}');
