// The name, and its sign.

export function Brand() {
  return (
    <span class="brand">
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="#0f766e" />
        <path d="M5 16h6l3-8 5 16 3-8h5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linejoin="round" />
      </svg>
      Conduit Edge
    </span>
  );
}
