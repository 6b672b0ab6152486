// What is said where there is nothing yet: what would make something appear.

import type { ComponentChildren } from 'preact';
import { Copy } from './copy.tsx';

export function Empty({ children, command }: { children: ComponentChildren; command?: string | undefined }) {
  return (
    <div class="empty">
      <p>{children}</p>
      {command !== undefined && (
        <figure class="command">
          <figcaption>
            <span>In a terminal, with the master key in $MASTER_KEY:</span>
            <Copy text={command} label="Copy the command" />
          </figcaption>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard. */}
          <pre tabIndex={0}>
            <code>{command}</code>
          </pre>
        </figure>
      )}
    </div>
  );
}

/** How a backend tells of something, as it is typed into a terminal. */
export function curl(type: string, data: object, virtualKeyId?: string): string {
  const event = {
    specversion: '1.0',
    id: `${Date.now()}`,
    source: '/by-hand',
    type,
    ...(virtualKeyId === undefined ? {} : { virtualkeyid: virtualKeyId }),
    data,
  };
  return `curl -X POST ${location.origin}/v1/events \\
  -H "X-Master-Key: $MASTER_KEY" \\
  -H 'Content-Type: application/cloudevents+json' \\
  -d '${JSON.stringify(event)}'`;
}
