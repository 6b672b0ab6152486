// What all elements look like: by sheets that are made and adopted, which a policy against inline styles does not forbid.

/** A sheet; nothing where there is no page. */
export function stylesheet(css: string): CSSStyleSheet | undefined {
  if (globalThis.CSSStyleSheet === undefined) return undefined;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}

/**
 * Colours follow the page's `color-scheme`, and each of them a custom property of the page. The contrast of texts is 4.5
 * to 1 or better in both schemes.
 */
export const COMMON = stylesheet(`
  :host {
    --_text: var(--conduit-text, light-dark(#1b1f24, #e8eaee));
    --_muted: var(--conduit-muted, light-dark(#58606b, #a3abb6));
    --_surface: var(--conduit-surface, light-dark(#ffffff, #17191d));
    --_line: var(--conduit-border, light-dark(#d8dce2, #363c45));
    --_track: var(--conduit-track, light-dark(#e6e9ee, #2a2f37));
    --_accent: var(--conduit-accent, light-dark(#0a5fd0, #73aaff));
    --_good: var(--conduit-good, light-dark(#11703a, #62cd90));
    --_warn: var(--conduit-warn, light-dark(#855400, #edb64f));
    --_bad: var(--conduit-bad, light-dark(#b3211a, #ff9188));
    --_radius: var(--conduit-radius, 0.5rem);
    display: block;
    box-sizing: border-box;
    padding: var(--conduit-padding, 0.75rem 0.875rem);
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    background: var(--_surface);
    color: var(--_text);
    font-family: var(--conduit-font-family, inherit);
    line-height: 1.4;
    font-variant-numeric: tabular-nums;
  }
  :host([hidden]), [hidden] { display: none !important; }
  *, ::before, ::after { box-sizing: inherit; }
  h3, p, ul, ol, dl, dd { margin: 0; padding: 0; font: inherit; }
  ul, ol { list-style: none; }
  .row { display: flex; align-items: baseline; justify-content: space-between; column-gap: 0.75rem; }
  .wrap { flex-wrap: wrap; }
  .end { margin-inline-start: auto; text-align: end; }
  .grow { flex: 1; min-inline-size: 0; }
  .cut { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .strong { font-weight: 600; }
  .muted { color: var(--_muted); font-size: 0.875em; }
  .quiet { color: var(--_muted); }
  .good { color: var(--_good); }
  .warn { color: var(--_warn); }
  .bad { color: var(--_bad); }
  .unseen {
    position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%);
    white-space: nowrap;
  }
  .track { block-size: 0.5rem; border-radius: 0.25rem; background: var(--_track); overflow: hidden; }
  .bar { block-size: 100%; inline-size: 0; border-radius: inherit; background: var(--_accent); }
  .bar.good { background: var(--_good); }
  .bar.warn { background: var(--_warn); }
  .bar.bad { background: var(--_bad); }
  .dot {
    flex: none; inline-size: 0.625rem; block-size: 0.625rem; border-radius: 50%; background: currentcolor;
    align-self: center;
  }
  button {
    font: inherit; font-size: 0.875em; color: var(--_text); cursor: pointer; padding: 0.125rem 0.625rem;
    min-block-size: 1.5rem; border: 1px solid var(--_line); border-radius: calc(var(--_radius) * 0.75);
    background: transparent;
  }
  button:hover { border-color: currentcolor; }
  :focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
  .notice { display: flex; align-items: center; gap: 0.5rem; margin-block-start: 0.625rem; font-size: 0.875em; }
  @media (prefers-reduced-motion: no-preference) {
    .bar { transition: inline-size 0.3s ease-out; }
  }
  @media (forced-colors: active) {
    .track { border: 1px solid CanvasText; }
    .bar, .bar.good, .bar.warn, .bar.bad { background: Highlight; forced-color-adjust: none; }
    .dot { background: CanvasText; forced-color-adjust: none; }
  }
`);
