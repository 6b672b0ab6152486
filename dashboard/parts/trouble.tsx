// What could not be read, and what can be done about it.

export function Trouble({ text, retry }: { text: string | undefined; retry: () => void }) {
  if (text === undefined) return null;
  return (
    <div class="banner" role="alert">
      <span>{text}</span>
      <button type="button" class="small" onClick={retry}>
        Try again
      </button>
    </div>
  );
}
