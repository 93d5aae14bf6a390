// What the editor needs first: which lines of the script were shot by which take, what is missing, and the bins to open.

import { useState } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import type { CoveredLine, Editorial, Gap, SceneCoverage, ShotChange, TakeRecord } from "../api/types";
import { useCommands } from "../app/commands";
import { Icon } from "../design/icons";
import { Notice } from "../design/parts";
import "./editorial.css";

export function EditorialScreen() {
  const { value, error } = useKnown(api.editorial, "editorial");
  const [problem, setProblem] = useState("");
  const [asked, setAsked] = useState(false);
  const run = () => {
    setAsked(true);
    api.runEditorial().then(
      () => setProblem(""),
      (refused: Error) => setProblem(refused.message),
    );
  };
  useCommands([{ id: "run-editorial", name: "Make bins, string-out and coverage map", section: "Editorial", keys: [], run }]);
  if (!value) return <div className="editorial">{error && <Notice tone="bad">{error}</Notice>}</div>;
  const { index, coverage, changes } = value;
  if (!index || !coverage)
    return (
      <div className="editorial">
        <Changes changes={changes} />
        <div className="empty">
          <strong>No coverage map yet</strong>
          <span>The editorial pass sets takes against script and shot list, and makes bins and a string-out.</span>
          {problem && <Notice tone="bad">{problem}</Notice>}
          <button type="button" className="button primary" onClick={run} disabled={asked && !problem}>
            {asked && !problem ? "In the queue…" : "Make it"}
          </button>
        </div>
      </div>
    );
  const files = [...index.bins.flatMap((one) => one.files), ...index.string_out.files, ...index.coverage.filter((name) => name !== "coverage.json")];
  return (
    <div className="editorial">
      <div className="editorial-head">
        <h1>Coverage</h1>
        <Legend />
        <button type="button" className="button" onClick={run}>
          Make again
        </button>
      </div>
      {problem && <Notice tone="bad">{problem}</Notice>}
      <Changes changes={changes} />
      <Missing gaps={coverage.missing} attention={coverage.attention} />
      {coverage.scenes.map((scene) => (
        <Scene key={scene.number} scene={scene} />
      ))}
      <section aria-label="Bins and lists">
        <h2>To open in the suite</h2>
        <p className="help">
          {index.bins.map((one) => `${one.title}: ${one.clips} clips, ${one.with_sound} with sound, ${one.circled} circled`).join(". ")}. String-out: {index.string_out.clips} clips,{" "}
          {index.string_out.seconds.toFixed(1)} s.
        </p>
        {index.string_out.stand_ins.map((line) => (
          <p key={line} className="help">
            {line}.
          </p>
        ))}
        <ul className="files">
          {files.map((name) => (
            <li key={name}>
              <a href={api.mediaUrl(`/media/editorial/${name}`)} download>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function Legend() {
  return (
    <p className="coverage-legend help">
      <Dot circled recorded /> circled take <Dot recorded /> not circled <Dot circled /> <Dot /> the same, estimated from who was in front of the camera
    </p>
  );
}

function Dot({ circled, recorded }: { circled?: boolean; recorded?: boolean }) {
  return <i className={`dot ${circled ? "is-circled" : ""} ${recorded ? "" : "is-estimated"}`} />;
}

function Missing({ gaps, attention }: { gaps: Gap[]; attention: string[] }) {
  if (gaps.length + attention.length === 0) return <Notice tone="good">Nothing is missing: every planned setup was shot, every line is covered by a circled take.</Notice>;
  return (
    <section aria-label="Missing">
      <h2>
        Missing <span className="figures faint">{gaps.length}</span>
      </h2>
      <ul className="gaps">
        {gaps.map((gap) => (
          <li key={`${gap.gap}${gap.scene}${gap.setup}${gap.line}${gap.what}`} className={gap.grave ? "tone-bad" : "tone-quiet"}>
            <Icon name={gap.grave ? "bang" : "ring"} size={13} />
            <span className="gap-kind">{gap.gap}</span>
            <span>{gap.what}</span>
          </li>
        ))}
        {attention.map((line) => (
          <li key={line} className="tone-quiet">
            <Icon name="bang" size={13} />
            <span className="gap-kind">attention</span>
            <span>{line}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

// What the newest cut asks for: shots that stay as they are need no line.
function Changes({ changes }: { changes: Editorial["changes"] }) {
  if (!changes) return null;
  const told = changes.shots.filter((one) => one.kind !== "same" && one.kind !== "moved");
  const stay = changes.shots.length - told.length;
  return (
    <section aria-label="Changes of the cut">
      <h2>
        New cut {changes.cut.split("/").pop()} <span className="figures faint">{stay ? `${stay} shots as they were` : ""}</span>
      </h2>
      <ul className="gaps">
        {told.map((one) => (
          <li key={one.shot} className={toneOf(one)}>
            <Icon name={one.pull || one.approval === "lapsed" ? "bang" : "ring"} size={13} />
            <span className="gap-kind">{one.kind}</span>
            <span>
              <b>{one.shot}</b> {[one.pull ? (one.kind === "new" ? "to pull" : "pull again") : "", one.approval ? `approval ${one.approval}` : "", one.why].filter(Boolean).join(", ")}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function toneOf(change: ShotChange): string {
  if (change.pull) return "tone-bad";
  return change.approval === "lapsed" ? "tone-review" : "tone-quiet";
}

function Scene({ scene }: { scene: SceneCoverage }) {
  const takes = scene.takes.filter((take) => take.clips.length > 0);
  return (
    <section aria-label={`Scene ${scene.number}`}>
      <h2>
        <b>{scene.number}</b> {scene.heading} <span className="figures faint">{takes.length ? `${Math.round(scene.share * 100)} % of ${scene.lines.length} lines` : "not shot"}</span>
      </h2>
      {takes.length > 0 && (
        <table className="coverage">
          <thead>
            <tr>
              <th scope="col" className="figures">
                <span className="visually-hidden">Line</span>
              </th>
              <th scope="col">Script</th>
              {takes.map((take) => (
                <th scope="col" key={take.slate} className="figures take" title={titleOf(take)}>
                  <span className={take.circled ? "ringed" : ""}>{take.slate}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {scene.lines.map((line) => (
              <tr key={line.number} className={line.covered.length ? "" : "bare"} data-line={line.number}>
                <td className="figures faint">{line.number}</td>
                <td className={line.character ? "" : "muted"}>
                  {line.character && <b>{line.character} </b>}
                  {line.text}
                </td>
                {takes.map((take) => (
                  <Cell key={take.slate} line={line} take={take} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Cell({ line, take }: { line: CoveredLine; take: TakeRecord }) {
  const found = line.covered.find((one) => one.take === take.slate);
  return (
    <td className="take">
      {found && (
        <>
          <Dot circled={found.circled} recorded={found.source === "recorded"} />
          <span className="visually-hidden">
            covered, {found.source}
            {found.circled ? ", circled" : ""}
          </span>
        </>
      )}
    </td>
  );
}

function titleOf(take: TakeRecord): string {
  return [take.circled ? "circled" : "", take.clips.join(", "), take.notes].filter(Boolean).join("\n");
}
