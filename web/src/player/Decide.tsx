// A person's word on a version: approve it, reject it with a reason, or leave a note on a frame.

import { useEffect, useMemo, useState } from "react";
import type { Decision, FrameRecord, VersionSummary } from "../api/types";
import { Icon } from "../design/icons";
import { Notice, Sheet, StatusChip } from "../design/parts";
import { Keys } from "../app/commands";
import type { Deck } from "./deck";
import { useDeckState } from "./useDeck";

interface Props {
  deck: Deck;
  version: VersionSummary;
  frames: FrameRecord[];
  busy: boolean;
  problem: string;
  /** Bring the version itself onto the canvas. */
  onLook: () => void;
  onApprove: () => void;
  onReject: () => void;
}

/** Frames on which a performer was restored: a person looks at each before the version is approved. */
export function restoredFrames(frames: FrameRecord[]): number[] {
  return frames.filter((one) => one.class === "R" && !one.refused).map((one) => one.frame);
}

export function Decide({ deck, version, frames, busy, problem, onLook, onApprove, onReject }: Props) {
  const restored = useMemo(() => restoredFrames(frames), [frames]);
  const unseen = useUnseen(deck, version.id, restored);
  const refused = frames.filter((one) => one.refused).length;
  const [next] = unseen;
  return (
    <section className="decide" aria-label="Decision">
      <header>
        <h2>
          v{version.number} <span className="faint">{version.operation}</span>
        </h2>
        <StatusChip status={version.status} />
      </header>
      {refused > 0 && (
        <p className="help">
          {refused} {refused === 1 ? "frame was" : "frames were"} refused and left as shot.
        </p>
      )}
      {restored.length > 0 && version.status !== "approved" && (
        <p className="help restored-line">
          <span className="figures">
            {restored.length - unseen.length} of {restored.length} restored frames looked at
          </span>
          {next !== undefined && (
            <button type="button" className="button quiet" onClick={() => (onLook(), deck.stop(), deck.seek(next))}>
              Next
            </button>
          )}
        </p>
      )}
      <div className="decide-buttons">
        <button
          type="button"
          className="button primary"
          disabled={busy || version.status === "approved" || unseen.length > 0}
          onClick={onApprove}
          title={unseen.length ? "Look at each restored frame first" : "Approve (Ctrl+Enter)"}
        >
          <Icon name="check" />
          {version.status === "approved" ? "Approved" : "Approve"}
        </button>
        <button type="button" className="button" disabled={busy} onClick={onReject} title="Reject with a note (Ctrl+Shift+Enter)">
          <Icon name="cross" />
          Reject…
        </button>
      </div>
      {problem && <Notice tone="bad">{problem}</Notice>}
    </section>
  );
}

/** Which of these frames have not been on the screen, as this version, while the deck stood still. */
function useUnseen(deck: Deck, version: number, frames: number[]): number[] {
  const [seen, setSeen] = useState<{ version: number; frames: ReadonlySet<number> }>({ version, frames: new Set() });
  const looked = useDeckState(deck, (state) => (state.speed === 0 && state.mode !== "a" && !state.shownLabel && !state.fault ? state.shown : null));
  useEffect(() => {
    if (looked === null) return;
    setSeen((old) => {
      const before = old.version === version ? old.frames : new Set<number>();
      return before.has(looked) && old.version === version ? old : { version, frames: new Set([...before, looked]) };
    });
  }, [looked, version]);
  return useMemo(() => frames.filter((frame) => seen.version !== version || !seen.frames.has(frame)), [frames, seen, version]);
}

interface NoteSheetProps {
  kind: "reject" | "note";
  version: VersionSummary;
  frame: number;
  onSend: (note: string, frames: number[]) => void;
  onClose: () => void;
}

export function NoteSheet({ kind, version, frame, onSend, onClose }: NoteSheetProps) {
  const [note, setNote] = useState("");
  const [pinned, setPinned] = useState(kind === "note");
  const send = () => note.trim() && onSend(note.trim(), pinned ? [frame] : []);
  return (
    <Sheet title={kind === "reject" ? `Reject v${version.number}` : `Note on v${version.number}`} onClose={onClose} width={460}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <div className="sheet-body note-form">
          <label className="field">
            <span className="label">{kind === "reject" ? "What has to change" : "Note"}</span>
            <textarea
              className="textarea"
              autoFocus
              data-focus-first
              required
              rows={4}
              value={note}
              onChange={(event) => setNote(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
                event.preventDefault();
                send();
              }}
            />
          </label>
          <label className="pin">
            <input type="checkbox" checked={pinned} onChange={(event) => setPinned(event.target.checked)} />
            About frame {frame} only
          </label>
        </div>
        <div className="sheet-foot">
          <span className="grow">
            <Keys keys="ctrl+Enter" />
          </span>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={!note.trim()}>
            {kind === "reject" ? "Reject" : "Keep note"}
          </button>
        </div>
      </form>
    </Sheet>
  );
}

export function Notes({ decisions, onFrame, onNote }: { decisions: Decision[]; onFrame: (frame: number) => void; onNote: () => void }) {
  return (
    <section className="notes" aria-label="Notes">
      <header>
        <h2>Notes</h2>
        <button type="button" className="button quiet" onClick={onNote} title="Note on this frame (N)">
          <Icon name="note" size={14} />
          Add
        </button>
      </header>
      {decisions.length === 0 && <p className="faint">None yet.</p>}
      <ul>
        {decisions.toReversed().map((one) => (
          <li key={one.id}>
            <div>
              <strong>{one.who}</strong>
              <span className="faint"> {one.decision === "note" ? "" : `${one.decision}, `}</span>
              {one.frames.map((frame) => (
                <button key={frame} type="button" className="frame-link figures" onClick={() => onFrame(frame)}>
                  frame {frame}
                </button>
              ))}
              <time className="faint" dateTime={one.when}>
                {new Date(one.when).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })}
              </time>
            </div>
            {one.note && <p>{one.note}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
