// Light or dark: as the system is, unless somebody chose.

import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const STORED = 'conduit.theme';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

export const theme = signal<Theme>(stored());

/** Changes with each change of colours, whoever brought it about: what is drawn is drawn anew. */
export const colours = signal(0);

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
  localStorage.setItem(STORED, theme.value);
  apply();
}

/** Puts the theme on the page. */
export function apply(): void {
  const { dataset } = document.documentElement;
  if (theme.value === 'system') delete dataset.theme;
  else dataset.theme = theme.value;
  colours.value += 1;
}

systemIsDark.addEventListener('change', apply);

function stored(): Theme {
  const value = localStorage.getItem(STORED);
  return THEMES.find((known) => known === value) ?? 'system';
}
