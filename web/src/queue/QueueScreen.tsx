// The queue: how many are done, what runs, when it will be finished, and what to do about what failed.

import { useState } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import type { Job, JobState } from "../api/types";
import { useCommands } from "../app/commands";
import { go } from "../app/router";
import { Notice, wordOf, toneOf } from "../design/parts";
import { JobRow } from "./JobRow";
import { duration } from "./words";

const STATES: JobState[] = ["running", "waiting", "failed", "done", "cancelled"];
const ORDER: Record<JobState, number> = { running: 0, failed: 1, waiting: 2, cancelled: 3, done: 4 };

/** What runs and what failed on top, then what waits in the order in which it will run, then the past, newest first. */
function inOrder(a: Job, b: Job): number {
  return (
    ORDER[a.state] - ORDER[b.state] ||
    (a.state === "waiting" ? b.priority - a.priority || a.created.localeCompare(b.created) : b.created.localeCompare(a.created))
  );
}

export function QueueScreen() {
  const { value: queue, error, refresh } = useKnown(api.jobs, "jobs");
  const [filter, setFilter] = useState<JobState | null>(null);
  const [problem, setProblem] = useState("");
  const act = (work: Promise<object>) => void work.then(() => setProblem(""), (refused: Error) => setProblem(refused.message)).finally(refresh);
  const jobs = queue?.jobs ?? [];
  const failed = jobs.filter((job) => job.state === "failed");

  useCommands([
    {
      id: "retry-failed",
      name: "Retry everything that failed",
      section: "Queue",
      keys: ["shift+r"],
      run: () => failed.forEach((job) => act(api.retry(job.id))),
    },
  ]);

  if (!queue) return <div className="queue">{error && <Notice tone="bad">{error}</Notice>}</div>;
  if (jobs.length === 0)
    return (
      <div className="empty">
        <strong>The queue is empty</strong>
        <span>Select shots and dispatch a pass.</span>
        <button type="button" className="button" onClick={() => go({ screen: "shots" })}>
          Go to shots
        </button>
      </div>
    );

  const { counts } = queue;
  const counted = jobs.length - counts.cancelled;
  const active = jobs.filter((job) => job.state === "running" || job.state === "waiting");
  const frames = active.reduce((sum, job) => sum + job.total - job.done, 0);
  const speed = jobs.reduce((sum, job) => sum + (job.state === "running" ? (job.speed ?? 0) : 0), 0);
  const shown = jobs.filter((job) => !filter || job.state === filter).sort(inOrder);

  return (
    <div className="queue">
      <div className="queue-head">
        <div className="counter figures" aria-live="polite">
          <b>{counts.done}</b>
          <span>of {counted}</span>
        </div>
        <div className="queue-sum">
          <div className="bar whole" role="progressbar" aria-label="Jobs done" aria-valuemin={0} aria-valuemax={counted} aria-valuenow={counts.done}>
            <i style={{ width: `${(100 * counts.done) / Math.max(1, counted)}%` }} />
          </div>
          <dl className="queue-facts figures">
            <Fact name="Frames to go" value={frames ? frames.toLocaleString("en") : "none"} />
            <Fact name="Speed" value={speed ? `${speed.toFixed(speed < 10 ? 1 : 0)} frames/s` : "–"} />
            <Fact name="Ready in" value={speed && frames ? duration(frames / speed) : "–"} />
          </dl>
        </div>
      </div>
      <div className="queue-tools">
        <div className="filters" role="group" aria-label="State">
          <button type="button" className="filter" aria-pressed={filter === null} onClick={() => setFilter(null)}>
            All <span className="figures">{jobs.length}</span>
          </button>
          {STATES.map((state) => (
            <button
              key={state}
              type="button"
              className={`filter ${toneOf(state)}`}
              aria-pressed={filter === state}
              disabled={!counts[state] && filter !== state}
              onClick={() => setFilter(filter === state ? null : state)}
            >
              {wordOf(state)} <span className="figures">{counts[state]}</span>
            </button>
          ))}
        </div>
        {failed.length > 1 && (
          <button type="button" className="button" onClick={() => failed.forEach((job) => act(api.retry(job.id)))}>
            Retry all {failed.length}
          </button>
        )}
      </div>
      {(problem || error) && <Notice tone="bad">{problem || error}</Notice>}
      <ul className="jobs" aria-label="Jobs">
        {shown.map((job) => (
          <JobRow key={job.id} job={job} act={act} />
        ))}
      </ul>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
