// Where events have their ids.

/** The id of an event: in its last argument, or in its only one. */
export function eventIdOf(args: readonly unknown[]): string | undefined {
  const last = args.at(-1);
  if (typeof last !== 'object' || last === null || !('eventId' in last)) return undefined;
  return typeof last.eventId === 'string' ? last.eventId : undefined;
}
