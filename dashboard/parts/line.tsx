// A line of a list: how something is, and what it is.

import type { ComponentChildren } from 'preact';
import { State, type Tone } from './state.tsx';

interface Props {
  tone: Tone;
  word: string;
  /** Facts about it, for programs: `data-…`. */
  data: Record<`data-${string}`, string>;
  children: ComponentChildren;
}

export function Line({ tone, word, data, children }: Props) {
  return (
    <li class="line" {...data}>
      <State tone={tone}>{word}</State>
      <span>{children}</span>
    </li>
  );
}
