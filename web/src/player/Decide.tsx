// A person's word on a version: approve it, reject it with a reason, or leave a note on a frame.

import { useState } from "react";
import type { Decision, VersionSummary } from "../api/types";
import { Icon } from "../design/icons";
import { Notice, Sheet, StatusChip } from "../design/parts";
import { Keys } from "../app/commands";

interface Props {
  version: VersionSummary;
  restored: number;
  refused: number;
  busy: boolean;
  problem: string;
  onApprove: () => void;
  onReject: () => void;
}

export function Decide({ version, restored, refused, busy, problem, onApprove, onReject }: Props) {
  return (
    <section className="decide" aria-label="Decision">
      <header>
        <h2>
          v{version.number} <span className="faint">{version.operation}</span>
        </h2>
        <StatusChip status={version.status} />
      </header>
      {(restored > 0 || refused > 0) && (
        <p className="help">
          {[refused ? `${refused} ${refused === 1 ? "frame" : "frames"} refused and left as shot` : "", restored ? `${restored} restored: look at each before it is final` : ""]
            .filter(Boolean)
            .join("; ")}
          .
        </p>
      )}
      <div className="decide-buttons">
        <button type="button" className="button primary" disabled={busy || version.status === "approved"} onClick={onApprove} title="Approve (Ctrl+Enter)">
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
