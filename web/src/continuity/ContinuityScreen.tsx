// Cuts that do not hold, gravest first, each with what it was measured on and a job that would mend it. Nothing is run by itself.

import { useState } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import type { CutFinding, CutReport } from "../api/types";
import { useCommands } from "../app/commands";
import { addressOf, go } from "../app/router";
import { Icon } from "../design/icons";
import { Notice } from "../design/parts";
import { DispatchDialog } from "../shots/DispatchDialog";
import "./continuity.css";

type Job = NonNullable<CutFinding["proposal"]>;

export function ContinuityScreen() {
  const { value, error } = useKnown(api.continuity, "continuity");
  const { value: shots } = useKnown(api.shots, "shots");
  const [problem, setProblem] = useState("");
  const [mending, setMending] = useState<{ shot: string; job: Job } | null>(null);
  const run = () => {
    api.dispatch("continuity", (shots ?? []).map((shot) => shot.id), {}).then(
      () => go({ screen: "queue" }),
      (refused: Error) => setProblem(refused.message),
    );
  };
  useCommands([{ id: "run-continuity", name: "Compare every cut", section: "Continuity", keys: [], run }]);
  if (!value) return <div className="continuity">{error && <Notice tone="bad">{error}</Notice>}</div>;
  const report = value.report;
  const mended = (shots ?? []).filter((shot) => shot.name === mending?.shot);
  return (
    <div className="continuity">
      <div className="continuity-head">
        <h1>Continuity</h1>
        <button type="button" className={report ? "button" : "button primary"} onClick={run} disabled={!shots?.length}>
          {report ? "Compare again" : "Compare every cut"}
        </button>
      </div>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {report && report.ranked.length === 0 && <Notice tone="good">Nothing stands out in {report.cuts.length} cuts.</Notice>}
      {report?.cuts.map((cut) => (
        <Cut
          key={`${cut.first}${cut.second}`}
          cut={cut}
          onMend={(job) => setMending({ shot: cut.second, job })}
        />
      ))}
      {mending && mended.length > 0 && <DispatchDialog shots={mended} given={mending.job} onClose={() => setMending(null)} onSent={() => go({ screen: "queue" })} />}
    </div>
  );
}

function Cut({ cut, onMend }: { cut: CutReport; onMend: (job: Job) => void }) {
  return (
    <section className="cut" aria-label={`Cut from ${cut.first} to ${cut.second}`}>
      <div className="cut-pictures">
        <Side name={cut.first} shot={cut.first_id} frame={cut.first_frame} />
        <Icon name="play" size={14} />
        <Side name={cut.second} shot={cut.second_id} frame={cut.second_frame} />
      </div>
      <ul className="cut-findings">
        {cut.findings.map(({ proposal, ...finding }) => (
          <li key={finding.kind} className={finding.severity === "fail" ? "tone-bad" : "tone-working"}>
            <Icon name="bang" size={13} />
            <span>
              <b>{finding.kind.replaceAll("-", " ")}</b> {finding.message}
              <span className="faint"> on {finding.seen_on}</span>
            </span>
            {proposal && (
              <button type="button" className="button" onClick={() => onMend(proposal)}>
                Prepare {proposal.pass}…
              </button>
            )}
          </li>
        ))}
        {cut.findings.length === 0 && <li className="tone-good">holds in {Object.keys(cut.compared).length} respects</li>}
        <li className="faint not-compared">
          <Reasons cut={cut} />
        </li>
      </ul>
    </section>
  );
}

function Reasons({ cut }: { cut: CutReport }) {
  const by = new Map<string, string[]>();
  for (const [kind, why] of Object.entries(cut.not_compared)) by.set(why, [...(by.get(why) ?? []), kind.replaceAll("-", " ")]);
  if (by.size === 0) return null;
  return (
    <>
      Not compared: {[...by].map(([why, kinds]) => `${kinds.join(", ")} (${why})`).join("; ")}.
    </>
  );
}

function Side({ name, shot, frame }: { name: string; shot: number; frame: number }) {
  const place = { screen: "review", shot, version: null, frame } as const;
  return (
    <a
      href={addressOf(place)}
      onClick={(event) => {
        event.preventDefault();
        go(place);
      }}
    >
      <img src={api.mediaUrl(`/media/shot/${shot}/thumb.jpg?of=0`)} alt={`${name}, frame ${frame}`} loading="lazy" />
      <span className="figures">
        {name} <span className="faint">{frame}</span>
      </span>
    </a>
  );
}
