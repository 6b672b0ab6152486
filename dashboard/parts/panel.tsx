// A part of the page with a heading.

import type { ComponentChildren } from 'preact';

interface Props {
  /** Of its heading; unique on the page. */
  id: string;
  title: string;
  /** A figure beside the heading. */
  meta?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function Panel({ id, title, meta, actions, children }: Props) {
  return (
    <section class="panel" aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {meta !== undefined && <span class="panel-meta">{meta}</span>}
        {actions !== undefined && <div class="panel-actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** What may be longer than the panel is high: it can be scrolled with the keyboard too. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard.
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
