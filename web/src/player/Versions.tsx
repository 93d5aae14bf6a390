// The stack of versions: newest on top, the plate always last; which is A, which is B.

import type { ShotDetail, VersionSummary } from "../api/types";
import { StatusChip } from "../design/parts";

interface Props {
  shot: ShotDetail;
  a: number | null;
  b: number | null;
  /** A version's id, or null for the plate. */
  onChoose: (side: "a" | "b", id: number | null) => void;
}

export function Versions({ shot, a, b, onChoose }: Props) {
  const newestFirst = [...shot.versions].sort((x, y) => y.number - x.number);
  return (
    <div className="versions">
      <h2>Versions</h2>
      <ul>
        {newestFirst.map((version) => (
          <li key={version.id}>
            <Item
              name={`v${version.number}`}
              detail={originOf(version) || version.operation}
              isA={a === version.id}
              isB={b === version.id}
              disabled={version.count === 0}
              onA={() => onChoose("a", version.id)}
              onB={() => onChoose("b", version.id)}
            >
              {version.count === 0 ? <span className="chip tone-working">in the queue</span> : <StatusChip status={version.status} />}
            </Item>
          </li>
        ))}
        <li>
          <Item name="Plate" detail={shot.clip} isA={a === null} isB={false} onA={() => onChoose("a", null)}>
            <span className="faint figures">
              {shot.width} × {shot.height}
            </span>
          </Item>
        </li>
      </ul>
      {newestFirst.length === 0 && <p className="faint versions-none">Nothing was made for this shot yet.</p>}
    </div>
  );
}

function originOf({ origin }: VersionSummary): string {
  if (!origin) return "";
  return `by hand from ${origin.parent ? `v${origin.parent}` : "the plate"}`;
}

export function nameOf(version: VersionSummary | null): string {
  return version ? `v${version.number}` : "plate";
}

interface ItemProps {
  name: string;
  detail: string;
  isA: boolean;
  isB: boolean;
  disabled?: boolean;
  onA: () => void;
  onB?: () => void;
  children: React.ReactNode;
}

function Item({ name, detail, isA, isB, disabled, onA, onB, children }: ItemProps) {
  return (
    <div className="version" data-shown={isA || isB || undefined}>
      <button type="button" className="version-name" disabled={disabled} onClick={onB ?? onA} aria-label={`${name}, ${detail}`}>
        <strong>{name}</strong>
        <span className="faint">{detail}</span>
      </button>
      <div className="version-foot">
        {children}
        <span className="sides">
          <button type="button" aria-label={`${name} as A`} aria-pressed={isA} disabled={disabled} onClick={onA}>
            A
          </button>
          {onB && (
            <button type="button" aria-label={`${name} as B`} aria-pressed={isB} disabled={disabled} onClick={onB}>
              B
            </button>
          )}
        </span>
      </div>
    </div>
  );
}
