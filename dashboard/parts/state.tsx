// How something is: a colour, a shape and a word, as no colour alone tells everybody.

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'calm';

const SHAPES: Record<Tone, string> = {
  good: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1Z',
  busy: 'M6 1a5 5 0 1 0 5 5H9a3 3 0 1 1-3-3Z',
  warn: 'M6 1 11.5 11H.5Z',
  bad: 'M3.5 1h5L11 3.5v5L8.5 11h-5L1 8.5v-5Z',
  calm: 'M6 3a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z',
};

export function State({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span class={`state ${tone}`}>
      <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
        <path d={SHAPES[tone]} />
      </svg>
      {children}
    </span>
  );
}
