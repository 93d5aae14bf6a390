// Packages: who gets one, how it is named, and what the last one of each receiver holds.

import { useEffect, useMemo, useState } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import type { Package } from "../api/types";
import { go } from "../app/router";
import { Icon } from "../design/icons";
import { Notice } from "../design/parts";
import { defaultsOf, faultsOf, SchemaForm } from "../shots/SchemaForm";
import { Held } from "./Held";
import "../editorial/editorial.css";
import "./deliver.css";

type Settings = Record<string, unknown>;
const DRAFT = "answerprint.deliver";

function keptDraft(): Settings {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(DRAFT) ?? "");
    if (kept && typeof kept === "object") return kept as Settings;
  } catch {
    // No draft: begin afresh.
  }
  return {};
}

export function DeliverScreen() {
  const { value, error } = useKnown(api.deliveries, "deliveries");
  const [draft, setDraft] = useState(keptDraft);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => sessionStorage.setItem(DRAFT, JSON.stringify(draft)), [draft]);
  const standard = useMemo(() => (value ? defaultsOf(value.schema) : {}), [value]);
  const form = useMemo(() => {
    if (!value) return { properties: {} };
    const { receiver: _, ...properties } = value.schema.properties ?? {};
    return { ...value.schema, properties };
  }, [value]);
  if (!value) return <div className="deliver">{error && <Notice tone="bad">{error}</Notice>}</div>;
  const settings = { ...standard, ...draft };
  const faults = faultsOf(value.schema, settings);
  const chosen = value.receivers.find((one) => one.name === settings.receiver) ?? value.receivers[0];
  const again = value.packages.some((one) => one.receiver === chosen?.name);
  const send = () => {
    setBusy(true);
    api
      .deliver(settings)
      .then(
        () => go({ screen: "queue" }),
        (refused: Error) => setProblem(refused.message),
      )
      .finally(() => setBusy(false));
  };
  return (
    <div className="deliver">
      <h1>Deliver</h1>
      <Held />
      <form
        className="deliver-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (Object.keys(faults).length === 0) send();
        }}
      >
        <div className="receivers" role="radiogroup" aria-label="Receiver">
          {value.receivers.map((one) => (
            <label key={one.name} className="pass" data-chosen={one.name === chosen?.name || undefined}>
              <input
                type="radio"
                name="receiver"
                className="visually-hidden"
                checked={one.name === chosen?.name}
                onChange={() => setDraft({ ...draft, receiver: one.name })}
              />
              <strong>{one.title}</strong>
              <span>{one.gets}</span>
            </label>
          ))}
        </div>
        <div>
          <SchemaForm schema={form} value={settings} faults={faults} onChange={setDraft} />
          {chosen?.notes.map((note) => (
            <p key={note} className="help">
              {note}
            </p>
          ))}
          {problem && <Notice tone="bad">{problem}</Notice>}
          <div className="deliver-foot">
            <span className="help grow">{again ? "There is a package for this receiver: names stay where pictures are the same, and what others added is kept." : ""}</span>
            <button type="submit" className="button primary" disabled={busy || Object.keys(faults).length > 0}>
              <Icon name="send" />
              {again ? "Deliver again" : "Make the package"}
            </button>
          </div>
        </div>
      </form>
      {value.packages.length > 0 && <h2>Packages</h2>}
      <ul className="packages" aria-label="Packages">
        {value.packages.map((one) => (
          <PackageRow key={one.receiver} made={one} />
        ))}
      </ul>
    </div>
  );
}

function PackageRow({ made }: { made: Package }) {
  const { shots, missing, attention, kept } = made.manifest;
  return (
    <li className="package">
      <details>
        <summary>
          <strong>{made.title}</strong>
          <span className="figures">
            {shots.length} shots{missing.length ? `, ${missing.length} missing` : ""}
            {kept.length ? `, ${kept.length} files of theirs kept` : ""}
          </span>
          <code>{made.path}</code>
        </summary>
        <ul>
          {shots.map((shot) => (
            <li key={shot.shot} className="figures">
              {shot.name} <span className="faint">{shot.numbers.join("–")}</span> {shot.approved_by ? `${shot.version}, approved by ${shot.approved_by}` : shot.made_by}
              {Object.keys(shot.layers).length ? <span className="faint"> layers {Object.keys(shot.layers).join(", ")}</span> : null}
            </li>
          ))}
          {missing.map((one) => (
            <li key={one.event} className="tone-bad">
              event {one.event}, reel {one.reel}: {one.reason}
            </li>
          ))}
          {attention.map((line) => (
            <li key={line} className="faint">
              {line}
            </li>
          ))}
        </ul>
        <p>
          {made.files.map((name) => (
            <a key={name} href={api.mediaUrl(`/media/delivery/${made.receiver}/${name}`)} download>
              {name}
            </a>
          ))}
        </p>
      </details>
    </li>
  );
}
