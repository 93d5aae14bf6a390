// Buttons' companions: states with sign, word and colour, and the sheet that dialogs are drawn on.

import { useEffect, useRef, type CSSProperties, type ReactNode } from "react";
import type { JobState, ShotStatus, VersionStatus } from "../api/types";
import { Icon, type IconName } from "./icons";

type Status = ShotStatus | VersionStatus | JobState;

const LOOKS: Record<Status, { icon: IconName; word: string; tone: string }> = {
  waiting: { icon: "ring", word: "Waiting", tone: "waiting" },
  working: { icon: "half", word: "Working", tone: "working" },
  running: { icon: "half", word: "Running", tone: "working" },
  "to review": { icon: "diamond", word: "To review", tone: "review" },
  approved: { icon: "check", word: "Approved", tone: "good" },
  done: { icon: "check", word: "Done", tone: "good" },
  rejected: { icon: "cross", word: "Rejected", tone: "bad" },
  failed: { icon: "bang", word: "Failed", tone: "bad" },
  cancelled: { icon: "slash", word: "Cancelled", tone: "quiet" },
};

export function toneOf(status: Status): string {
  return `tone-${LOOKS[status].tone}`;
}

export function wordOf(status: Status): string {
  return LOOKS[status].word;
}

export function StatusChip({ status }: { status: Status }) {
  const look = LOOKS[status] ?? LOOKS.waiting;
  return (
    <span className={`chip tone-${look.tone}`}>
      <Icon name={look.icon} size={13} />
      {look.word}
    </span>
  );
}

interface SheetProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  width?: number;
  bare?: boolean;
}

/** A dialog above everything: Escape and a click beside it close it, focus stays inside. */
export function Sheet({ title, onClose, children, width, bare }: SheetProps) {
  const place = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const sheet = place.current;
    sheet?.showModal();
    // Where nothing asks for the focus the sheet itself takes it, rather than the button that closes it.
    (sheet?.querySelector<HTMLElement>("[data-focus-first]") ?? sheet)?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={place}
      tabIndex={-1}
      className="sheet"
      aria-label={title}
      style={width ? ({ "--sheet-width": `${width}px` } as CSSProperties) : undefined}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === place.current && onClose()}
    >
      {!bare && (
        <div className="sheet-head">
          <h2>{title}</h2>
          <button type="button" className="button quiet icon" aria-label="Close" onClick={onClose}>
            <Icon name="cross" />
          </button>
        </div>
      )}
      {children}
    </dialog>
  );
}

export function Notice({ tone, children }: { tone: "bad" | "good" | "quiet"; children: ReactNode }) {
  return (
    <p className={`notice tone-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </p>
  );
}
