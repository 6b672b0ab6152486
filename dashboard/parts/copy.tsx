// A button that copies something.

import { useSignal } from '@preact/signals';

const SAID_MILLIS = 2_000;

export function Copy({ text, label }: { text: string; label: string }) {
  const outcome = useSignal('');
  const copy = () => {
    const say = (word: string) => {
      outcome.value = word;
      setTimeout(() => {
        outcome.value = '';
      }, SAID_MILLIS);
    };
    navigator.clipboard.writeText(text).then(
      () => say('Copied'),
      () => say('Select and copy it'),
    );
  };
  return (
    <button type="button" class="small" onClick={copy} title={label}>
      <span aria-live="polite">{outcome.value === '' ? 'Copy' : outcome.value}</span>
    </button>
  );
}
