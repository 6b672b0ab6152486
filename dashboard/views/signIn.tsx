// Where a key is asked for.

import { useSignal } from '@preact/signals';
import type { TargetedSubmitEvent } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { inWords } from '../connection/api.ts';
import { farewell, signIn } from '../connection/session.ts';
import { Brand } from '../parts/brand.tsx';

export function SignIn() {
  const isBusy = useSignal(false);
  const trouble = useSignal(farewell.value ?? '');
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = field.current?.value.trim() ?? '';
    isBusy.value = true;
    trouble.value = '';
    try {
      await signIn(key);
    } catch (error) {
      trouble.value = inWords(error);
      isBusy.value = false;
      field.current?.select();
    }
  };
  return (
    <main class="sign-in">
      <Brand />
      <h1>Sign in</h1>
      <form onSubmit={submit}>
        <label for="key">Virtual key or master key</label>
        <input
          id="key"
          ref={field}
          type="password"
          required
          autocomplete="off"
          spellcheck={false}
          aria-describedby="key-hint"
          aria-invalid={trouble.value !== ''}
        />
        <p id="key-hint" class="quiet">
          A virtual key shows what happens with it; the master key shows the whole system. npm start prints both. The
          key stays in this tab, and is forgotten when you sign out.
        </p>
        <p class="trouble" role="alert">
          {trouble.value}
        </p>
        <button type="submit" class="primary" disabled={isBusy.value}>
          {isBusy.value ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
