// Send shots to work: which pass, with which settings. The draft is kept until it is sent.

import { useEffect, useMemo, useState } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import type { ShotSummary } from "../api/types";
import { Icon } from "../design/icons";
import { Notice, Sheet } from "../design/parts";
import { defaultsOf, faultsOf, SchemaForm } from "./SchemaForm";

type Settings = Record<string, unknown>;

interface Draft {
  pass: string;
  settings: Record<string, Settings>;
}

const DRAFT = "answerprint.dispatch";

function keptDraft(): Draft {
  try {
    const kept = JSON.parse(sessionStorage.getItem(DRAFT) ?? "") as Draft;
    if (typeof kept.pass === "string" && typeof kept.settings === "object") return kept;
  } catch {
    // No draft, or one of an older page: begin afresh.
  }
  return { pass: "", settings: {} };
}

interface Props {
  shots: ShotSummary[];
  /** A job as it was proposed or drawn for these shots: the form begins with it, and no draft keeps it for others. */
  given?: { pass: string; settings: Settings };
  onClose: () => void;
  onSent: () => void;
}

export function DispatchDialog({ shots, given, onClose, onSent }: Props) {
  const { value: passes, error } = useKnown(api.passes, "passes");
  const [draft, setDraft] = useState<Draft>(() => (given ? { pass: given.pass, settings: { [given.pass]: given.settings } } : keptDraft()));
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (!given) sessionStorage.setItem(DRAFT, JSON.stringify(draft));
  }, [draft, given]);

  useEffect(() => {
    if (given) document.querySelector(".pass[data-chosen]")?.scrollIntoView({ block: "nearest" });
  }, [passes?.length]);

  const pass = passes?.find((one) => one.name === draft.pass) ?? passes?.[0];
  const standard = useMemo(() => (pass ? defaultsOf(pass.schema) : {}), [pass]);
  const settings = pass ? { ...standard, ...draft.settings[pass.name] } : {};
  const faults = pass ? faultsOf(pass.schema, settings) : {};
  const change = (next: Settings) => pass && setDraft({ pass: pass.name, settings: { ...draft.settings, [pass.name]: next } });
  const same = (a: Settings) => JSON.stringify({ ...standard, ...a }) === JSON.stringify(settings);

  const send = () => {
    if (!pass || Object.keys(faults).length) return;
    setBusy(true);
    const changed = Object.fromEntries(Object.entries(settings).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(standard[name])));
    api
      .dispatch(pass.name, shots.map((shot) => shot.id), changed)
      .then(onSent, (refused: Error) => setProblem(refused.message))
      .finally(() => setBusy(false));
  };

  return (
    <Sheet title={`Dispatch ${shots.length === 1 ? shots[0]?.name : `${shots.length} shots`}`} onClose={onClose} width={820}>
      <form
        className="dispatch"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <div className="pass-list" role="radiogroup" aria-label="Pass">
          {passes?.map((one, at) => (
            <label data-first={one.single && !passes[at - 1]?.single ? "" : undefined} key={one.name} className="pass" data-chosen={one.name === pass?.name || undefined}>
              <input type="radio" name="pass" className="visually-hidden" checked={one.name === pass?.name} onChange={() => setDraft({ ...draft, pass: one.name })} />
              <strong>{one.title}</strong>
              <span>{one.summary}</span>
            </label>
          ))}
          {passes?.length === 0 && <p className="help">No pass is installed.</p>}
        </div>
        <div className="pass-form">
          {error && <Notice tone="bad">{error}</Notice>}
          {pass && Object.keys(pass.presets).length > 0 && (
            <div className="presets" role="group" aria-label="Presets">
              {[["as designed", {}] as const, ...Object.entries(pass.presets)].map(([name, values]) => (
                <button key={name} type="button" className="button" aria-pressed={same(values)} onClick={() => change({ ...standard, ...values })}>
                  {name}
                </button>
              ))}
            </div>
          )}
          {pass && <SchemaForm schema={pass.schema} value={settings} faults={faults} onChange={change} />}
          {problem && <Notice tone="bad">{problem}</Notice>}
        </div>
        <div className="sheet-foot">
          <span className="help grow shot-names">{shots.map((shot) => shot.name).join(", ")}</span>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={!pass || busy || shots.length === 0 || Object.keys(faults).length > 0}>
            <Icon name="send" />
            Run on {shots.length === 1 ? "1 shot" : `${shots.length} shots`}
          </button>
        </div>
      </form>
    </Sheet>
  );
}
