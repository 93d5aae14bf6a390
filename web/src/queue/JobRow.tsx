// One job: what, for which shot, how far, how fast, and what can be done with it.

import { api } from "../api/client";
import type { Job } from "../api/types";
import { addressOf, go } from "../app/router";
import { Icon } from "../design/icons";
import { StatusChip, toneOf } from "../design/parts";
import { clock, duration } from "./words";

const PIECES: Record<string, string> = { d: "done", r: "running", w: "waiting", f: "failed", c: "cancelled" };

interface Props {
  job: Job;
  act: (work: Promise<object>) => void;
}

export function JobRow({ job, act }: Props) {
  const live = job.state === "running" || job.state === "waiting";
  const place = job.shot_id === null ? null : ({ screen: "review", shot: job.shot_id, version: null, frame: null } as const);
  return (
    <li className={`job ${toneOf(job.state)}`} aria-label={`${job.title}, ${job.state}`} data-job={job.id}>
      <StatusChip status={job.state} />
      <div className="job-what">
        <strong>{job.title || job.kind}</strong>
        <span className="faint">
          {place && (
            <a
              href={addressOf(place)}
              onClick={(event) => {
                event.preventDefault();
                go(place);
              }}
            >
              {job.shot}
            </a>
          )}
          {job.requested_by && <span>{job.requested_by}</span>}
        </span>
      </div>
      <div className="job-how">
        <Pieces job={job} />
        {job.error ? (
          <p className="job-error">{job.error}</p>
        ) : (
          <div className="job-figures figures">
            <span>
              {job.done.toLocaleString("en")} of {job.total.toLocaleString("en")} frames
            </span>
            {job.state === "running" && job.speed !== null && <span>{job.speed.toFixed(job.speed < 10 ? 1 : 0)} frames/s</span>}
            {job.state === "running" && job.eta_seconds !== null && <span>{duration(job.eta_seconds)} left</span>}
            {job.elapsed_seconds !== null && <span>{clock(job.elapsed_seconds)}</span>}
            {job.x_realtime !== null && <span title="Seconds of picture made in a second">{Number(job.x_realtime.toPrecision(2))} × realtime</span>}
          </div>
        )}
      </div>
      <div className="priority" role="group" aria-label={`Priority of ${job.title}`}>
        {live && (
          <>
            <button type="button" className="button quiet icon" aria-label="Lower priority" disabled={job.priority <= 0} onClick={() => act(api.prioritise(job.id, Math.max(0, job.priority - 10)))}>
              <Icon name="down" size={14} />
            </button>
            <span className="figures" title="Priority, 0 to 100: higher runs first">
              {job.priority}
            </span>
            <button type="button" className="button quiet icon" aria-label="Raise priority" disabled={job.priority >= 100} onClick={() => act(api.prioritise(job.id, Math.min(100, job.priority + 10)))}>
              <Icon name="up" size={14} />
            </button>
          </>
        )}
      </div>
      <div className="job-verbs">
        {live && (
          <button type="button" className="button" onClick={() => act(api.cancel(job.id))}>
            Cancel
          </button>
        )}
        {job.state === "failed" && job.error.includes("sign-off") && (
          <button type="button" className="button" onClick={() => act(api.signOff(job.id))}>
            Sign off
          </button>
        )}
        {(job.state === "failed" || job.state === "cancelled") && (
          <button type="button" className="button" onClick={() => act(api.retry(job.id))}>
            <Icon name="retry" size={14} />
            Retry
          </button>
        )}
        {job.certificate && (
          <a className="button quiet" href={api.mediaUrl(job.certificate)} target="_blank" rel="noopener" aria-label={`Certificate of ${job.title}`}>
            Certificate
          </a>
        )}
        {job.state === "done" && place && (
          <button type="button" className="button" onClick={() => go(place)}>
            Review
          </button>
        )}
      </div>
    </li>
  );
}

/** The pieces of the job as a strip of cells when there are few enough to see, else one bar. */
function Pieces({ job }: { job: Job }) {
  const share = (100 * job.done) / Math.max(1, job.total);
  const strip = job.chunks.length > 1 && job.chunks.length <= 160;
  return (
    <div
      className={strip ? "pieces" : "bar"}
      role="progressbar"
      aria-label="Frames done"
      aria-valuemin={0}
      aria-valuemax={job.total}
      aria-valuenow={job.done}
    >
      {strip ? [...job.chunks].map((letter, index) => <i key={index} data-is={PIECES[letter]} title={PIECES[letter]} />) : <i style={{ width: `${share}%` }} />}
    </div>
  );
}
