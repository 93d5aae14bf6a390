// One shot on the wall: picture, name, where it stands, what came of it.

import { memo } from "react";
import { api } from "../api/client";
import type { FrameClass, ShotSummary } from "../api/types";
import { Icon } from "../design/icons";
import { StatusChip } from "../design/parts";

const CLASSES: FrameClass[] = ["A", "B", "C", "R", "D"];

interface Props {
  shot: ShotSummary;
  chosen: boolean;
  onChoose: (shot: ShotSummary, how: "one" | "toggle" | "range") => void;
  onOpen: (shot: ShotSummary) => void;
}

export const ShotCard = memo(function ShotCard({ shot, chosen, onChoose, onOpen }: Props) {
  const { latest, job } = shot;
  return (
    <div
      className="shot"
      role="gridcell"
      tabIndex={0}
      aria-selected={chosen}
      aria-label={`${shot.name}, ${shot.status}${shot.left_out ? ", left out of the cut" : ""}`}
      data-left-out={shot.left_out || undefined}
      onClick={(event) => onChoose(shot, event.shiftKey ? "range" : event.ctrlKey || event.metaKey ? "toggle" : "one")}
      onMouseDown={(event) => event.shiftKey && event.preventDefault()}
      onDoubleClick={() => onOpen(shot)}
      onKeyDown={(event) => {
        if (event.key === "Enter") onOpen(shot);
        else if (event.key === " ") onChoose(shot, event.shiftKey ? "range" : "toggle");
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <div className="shot-picture">
        {shot.thumbnail ? <img src={api.mediaUrl(shot.thumbnail)} alt="" loading="lazy" decoding="async" draggable={false} /> : <span>No proxy</span>}
        {shot.left_out && <b className="left-out">Left out of the cut</b>}
      </div>
      <div className="shot-words">
        <div className="shot-line">
          <strong>{shot.name}</strong>
          <button
            type="button"
            className="tick"
            role="checkbox"
            aria-checked={chosen}
            aria-label={`Select ${shot.name}`}
            tabIndex={-1}
            onClick={(event) => {
              event.stopPropagation();
              onChoose(shot, event.shiftKey ? "range" : "toggle");
            }}
          >
            {chosen && <Icon name="check" size={12} />}
          </button>
        </div>
        <div className="shot-line faint figures">
          <span className="clip-name">{shot.clip}</span>
          <span>{shot.timecode}</span>
        </div>
        <div className="shot-line">
          <StatusChip status={shot.status} />
          <span className="faint figures">
            {job && (job.state === "running" || job.state === "waiting")
              ? `${job.done} of ${job.total}`
              : latest
                ? `v${latest.number} ${latest.operation}`
                : `${shot.end - shot.start} frames`}
          </span>
        </div>
      </div>
      <Foot shot={shot} />
    </div>
  );
});

/** A thin line: progress while work runs, afterwards the share of each class in the newest version. */
function Foot({ shot: { job, latest } }: { shot: ShotSummary }) {
  if (job && job.state === "running")
    return (
      <div className="shot-foot tone-working" role="progressbar" aria-label="Progress" aria-valuenow={job.done} aria-valuemin={0} aria-valuemax={job.total}>
        <i style={{ flexGrow: job.done, background: "var(--tone)" }} />
        <i style={{ flexGrow: Math.max(0, job.total - job.done) }} />
      </div>
    );
  if (!latest) return <div className="shot-foot" />;
  return (
    <div className="shot-foot" title={CLASSES.filter((name) => latest.classes[name]).map((name) => `${name} ${latest.classes[name]}`).join("  ")}>
      {CLASSES.map((name) => (latest.classes[name] ? <i key={name} className={`class-${name.toLowerCase()}`} style={{ flexGrow: latest.classes[name] }} /> : null))}
    </div>
  );
}
