// The stage from above and from a corner, how late each tracker is, how well scans agree, and which extra angles each setup allows.

import { useState } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import { useCommands } from "../app/commands";
import { go } from "../app/router";
import { Icon } from "../design/icons";
import { Notice } from "../design/parts";
import type { StageClip, StageReport } from "./types";
import "./stage.css";

export function StageScreen() {
  const { value, error } = useKnown(api.stage, "stage");
  const [problem, setProblem] = useState("");
  const [shown, setShown] = useState("stage");
  const run = () => {
    api.runStage().then(
      () => go({ screen: "queue" }),
      (refused: Error) => setProblem(refused.message),
    );
  };
  useCommands([{ id: "run-stage", name: "Solve cameras and draw the stage", section: "Stage", keys: [], run }]);
  if (!value) return <div className="stage-page">{error && <Notice tone="bad">{error}</Notice>}</div>;
  const report = value.report;
  const file = report && (report.files[shown] ?? report.files.stage);
  return (
    <div className="stage-page">
      <div className="stage-head">
        <h1>Stage</h1>
        <button type="button" className={report ? "button" : "button primary"} onClick={run}>
          {report ? "Solve and draw again" : "Solve cameras and draw the stage"}
        </button>
      </div>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {!report && <p className="faint">Tracks, scans and marks are put together here once the spatial pass has run.</p>}
      {report?.faults.map((fault) => (
        <Notice key={fault} tone="bad">
          {fault}
        </Notice>
      ))}
      {report && file && (
        <>
          <div className="stage-choice" role="group" aria-label="Drawing">
            {Object.keys(report.files).map((name) => (
              <button key={name} type="button" className="button" aria-pressed={name === shown} onClick={() => setShown(name)}>
                {name === "stage" ? "Whole stage" : name.replace(/^plan /, "Angles of ")}
              </button>
            ))}
          </div>
          <img className="stage-drawing" src={api.mediaUrl(`/media/stage/${file}`)} alt={shown === "stage" ? "The stage from above and from a corner" : shown} />
          <Figures report={report} />
        </>
      )}
    </div>
  );
}

function Figures({ report }: { report: StageReport }) {
  return (
    <div className="stage-figures">
      <section>
        <h2>Cameras</h2>
        <ul>
          {report.clips.map((clip) => (
            <li key={clip.clip}>
              <b>{clip.clip}</b> {clip.posed} of {clip.frames} frames. {lag(clip)}
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>Agreement</h2>
        <ul>
          {Object.entries(report.registrations).map(([name, found]) => (
            <li key={name} className={found.faults.length ? "tone-bad" : ""}>
              {found.faults.length > 0 && <Icon name="bang" size={13} />} {name}: {found.rms.value.toFixed(1)} mm
            </li>
          ))}
          {Object.keys(report.registrations).length === 0 && <li className="faint">One scan, one survey: nothing to compare.</li>}
        </ul>
      </section>
      <section>
        <h2>Angles allowed</h2>
        <ul>
          {Object.entries(report.plans).map(([name, plan]) => (
            <li key={name}>
              <b>{name}</b> {plan.allowed} of {plan.of} within {plan.limit.value} degrees
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function lag(clip: StageClip): string {
  const { used, solved, why } = clip.latency;
  if (used !== "solved" || !solved) return why ? `${why[0]?.toUpperCase() ?? ""}${why.slice(1)}.` : "";
  return `Tracker ${Math.abs(solved.frames).toFixed(2)} frames ${solved.frames >= 0 ? "behind" : "ahead of"} the picture (solved).`;
}
