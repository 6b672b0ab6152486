// Figures side by side.

export interface Tile {
  name: string;
  value: string;
  note?: string;
  isWarning?: boolean;
}

export function Tiles({ label, tiles }: { label: string; tiles: Tile[] }) {
  return (
    <dl class="tiles" aria-label={label}>
      {tiles.map(({ name, value, note, isWarning }) => (
        <div key={name} class={isWarning ? 'tile warning' : 'tile'}>
          <dt>{name}</dt>
          <dd>
            {value}
            {note !== undefined && <span class="note">{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
