// Where elements have their service from that were given none.

import type { ConduitSignalRService } from '../service.ts';

type Source = () => ConduitSignalRService | Promise<ConduitSignalRService>;

let source: Source | undefined;

/** Says where it is to be had. */
export function provideService(from: Source): void {
  source = from;
}

/** The service of the page. */
export async function sharedService(): Promise<ConduitSignalRService> {
  if (source === undefined) throw new Error('there is no ConduitSignalRService: set the property `service`');
  return source();
}
