// A button that does something on the server: while it does, it can't be pressed again, and what goes wrong is said.

import { useSignal } from '@preact/signals';
import { inWords } from '../connection/api.ts';

interface Props {
  label: string;
  /** What a screen reader says, where the label alone does not tell what it acts on. */
  description?: string;
  act: () => Promise<unknown>;
  /** Is asked again before, where it can't be undone. */
  confirm?: string;
  tone?: 'danger' | 'primary';
}

/** How long a question waits for its answer. */
const CONFIRM_MILLIS = 4_000;

export function Action({ label, description, act, confirm, tone }: Props) {
  const isBusy = useSignal(false);
  const isAsked = useSignal(false);
  const trouble = useSignal('');
  const press = async () => {
    if (confirm !== undefined && !isAsked.value) {
      isAsked.value = true;
      setTimeout(() => {
        isAsked.value = false;
      }, CONFIRM_MILLIS);
      return;
    }
    isAsked.value = false;
    isBusy.value = true;
    trouble.value = '';
    try {
      await act();
    } catch (error) {
      trouble.value = inWords(error);
    } finally {
      isBusy.value = false;
    }
  };
  const shown = isAsked.value ? confirm : label;
  return (
    <span class="action">
      <button
        type="button"
        class={`small ${isAsked.value ? 'danger' : (tone ?? '')}`}
        disabled={isBusy.value}
        aria-label={description === undefined ? undefined : `${shown}: ${description}`}
        onClick={press}
      >
        {shown}
      </button>
      {trouble.value !== '' && (
        <span class="trouble" role="alert">
          {trouble.value}
        </span>
      )}
    </span>
  );
}
