// Where the current frame came from: its class, its source frames, the steps, who asked.

import { api } from "../api/client";
import type { FrameRecord, VersionDetail } from "../api/types";
import type { Deck } from "./deck";
import { meaningOf } from "./ClassStrip";
import { useDeckState } from "./useDeck";

function percent(share: number | null): string {
  if (share === null) return "unknown";
  return share === 0 ? "none" : `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}

/** "3, 5 to 9" rather than every number. */
function ranges(frames: number[]): string {
  const runs: [number, number][] = [];
  for (const frame of [...new Set(frames)].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && run[1] + 1 === frame) run[1] = frame;
    else runs.push([frame, frame]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : to === from + 1 ? `${from}, ${to}` : `${from} to ${to}`)).join(", ");
}

export function Provenance({ deck, version }: { deck: Deck; version: VersionDetail | null }) {
  const frame = useDeckState(deck, (state) => state.shown ?? state.frame);
  const record = version?.frames.find((one) => one.frame === frame);
  return (
    <section className="provenance" aria-label="Provenance of this frame">
      <header>
        <h2>
          Frame <span className="figures">{frame}</span>
        </h2>
        {record && (
          <span className="class-badge" data-class={record.class} data-refused={record.refused || undefined}>
            {record.class}
          </span>
        )}
      </header>
      {record ? <Facts record={record} /> : <p className="faint">{version ? "Nothing was done to this frame." : "Choose a version to see where its frames came from."}</p>}
      {version && version.steps.length > 0 && (
        <>
          <h3>Steps</h3>
          <ol className="steps">
            {version.steps.map((step) => (
              <li key={step.node}>
                <details>
                  <summary>
                    {step.operation}{" "}
                    <span className="faint figures">
                      {step.version}
                      {step.node !== step.operation && `, ${step.node}`}
                    </span>
                  </summary>
                  <dl>
                    {Object.entries(step.parameters).map(([name, value]) => (
                      <div key={name}>
                        <dt>{name.replaceAll("_", " ")}</dt>
                        <dd className="figures">{typeof value === "object" && value !== null ? "recorded" : String(value)}</dd>
                      </div>
                    ))}
                    {step.models.map((model) => (
                      <div key={String(model.name)}>
                        <dt>analysis model</dt>
                        <dd>{String(model.name)}</dd>
                      </div>
                    ))}
                  </dl>
                </details>
              </li>
            ))}
          </ol>
        </>
      )}
      {version?.certificate && (
        <p className="asked">
          <a href={api.mediaUrl(version.certificate)} target="_blank" rel="noopener">
            Certificate of v{version.number}
          </a>
        </p>
      )}
      {version?.requested_by && <p className="faint asked">Asked for by {version.requested_by}</p>}
    </section>
  );
}

function Facts({ record }: { record: FrameRecord }) {
  const byClip = new Map<string, number[]>();
  for (const source of record.sources) byClip.set(source.clip, [...(byClip.get(source.clip) ?? []), source.frame]);
  return (
    <>
      <p className={record.refused ? "class-words refused" : "class-words"}>
        {record.refused ? `Refused${record.reason ? `: ${record.reason}` : ""}. The frame is as shot.` : `${meaningOf(record.class, false)}.`}
      </p>
      <dl>
        <div>
          <dt>Changed</dt>
          <dd className="figures">{percent(record.changed_share)}</dd>
        </div>
        <div>
          <dt>Seen elsewhere</dt>
          <dd className="figures">{record.changed_share ? percent(record.support_share) : "–"}</dd>
        </div>
        {record.restored !== null && record.restored > 0 && (
          <div>
            <dt>Restored</dt>
            <dd className="figures">{record.restored.toLocaleString("en")} px</dd>
          </div>
        )}
        {Object.entries(record.figures).map(([name, value]) => (
          <div key={name}>
            <dt>{name.replaceAll("_", " ")}</dt>
            <dd className="figures">{Number(value.toPrecision(4))}</dd>
          </div>
        ))}
      </dl>
      <h3>Sources</h3>
      <dl>
        {[...byClip].map(([clip, frames]) => (
          <div key={clip}>
            <dt>{clip}</dt>
            <dd className="figures">{ranges(frames)}</dd>
          </div>
        ))}
      </dl>
      <h3>Pixels</h3>
      <Digest name="source" digest={record.source_digest} />
      <Digest name="result" digest={record.pixel_digest} />
    </>
  );
}

function Digest({ name, digest }: { name: string; digest: string }) {
  if (!digest) return null;
  return (
    <button type="button" className="digest figures" title={`Copy ${digest}`} onClick={() => void navigator.clipboard?.writeText(digest)}>
      <span className="faint">{name}</span>
      {digest.slice(0, 10)}…{digest.slice(-6)}
    </button>
  );
}
