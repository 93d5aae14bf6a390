// Review: one shot, its plate against its versions, frame by frame, and a person's word on it.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import type { FrameRecord, ShotDetail } from "../api/types";
import { go, noteAddress, type Place } from "../app/router";
import { Icon } from "../design/icons";
import { Notice, StatusChip } from "../design/parts";
import { canDecode } from "./frames";
import type { Mode } from "./painter";
import { ClassStrip, RefusedMarks } from "./ClassStrip";
import { Decide, Notes, NoteSheet, restoredFrames } from "./Decide";
import { Provenance } from "./Provenance";
import { Stage, type View } from "./Stage";
import { label, parseLabel, rateOf } from "./timecode";
import { Transport } from "./Transport";
import { useDeck, useDeckState, type Side } from "./useDeck";
import { useDeckCommands } from "./useDeckCommands";
import { useDrawing } from "./useDrawing";
import { GradePanel } from "./GradePanel";
import { nameOf, Versions } from "./Versions";
import { ViewBar } from "./ViewBar";

type ReviewPlace = Extract<Place, { screen: "review" }>;

export function ReviewScreen({ place }: { place: ReviewPlace }) {
  const { value: shot, error, refresh } = useKnown(() => api.shot(place.shot), `shot ${place.shot}`);
  if (!shot) return <div className="review-none">{error && <Notice tone="bad">{error}</Notice>}</div>;
  return <Review shot={shot} place={place} refresh={refresh} />;
}

const NO_FRAMES: FrameRecord[] = [];

function Review({ shot, place, refresh }: { shot: ShotDetail; place: ReviewPlace; refresh: () => void }) {
  const finished = useMemo(() => shot.versions.filter((version) => version.count > 0), [shot]);
  const newest = finished.reduce<number | null>((best, version) => (best === null || version.id > best ? version.id : best), null);
  const [sides, setSides] = useState<{ a: number | null; b: number | null }>({ a: null, b: place.version });
  const bId = finished.some((version) => version.id === sides.b) ? sides.b : newest;
  const versionA = finished.find((version) => version.id === sides.a) ?? null;
  const versionB = finished.find((version) => version.id === bId) ?? null;
  const [wantsGraded, setWantsGraded] = useState(false);
  const copy = canDecode() ? shot.graded : null;
  const graded = wantsGraded && copy !== null;
  // A graded picture is compared with its own plate alone: versions are seen without a grade.
  const a = useMemo<Side>(() => (versionA && !graded ? { kind: "version", version: versionA } : { kind: "plate" }), [versionA, graded]);
  const b = useMemo<Side | null>(
    () => (graded ? { kind: "graded", copy } : versionB ? { kind: "version", version: versionB } : null),
    [versionB, graded, copy],
  );
  const deck = useDeck(shot, a, b, place.frame ?? shot.cut_in);
  const { value: detail, refresh: refreshDetail } = useKnown(
    () => (bId === null ? Promise.resolve(null) : api.version(bId)),
    `version ${bId}`,
  );

  const [view, setView] = useState<View>({ zoom: null, x: 0, y: 0 });
  const [panels, setPanels] = useState(true);
  const [sheet, setSheet] = useState<"reject" | "note" | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const frameBox = useRef<HTMLInputElement>(null);

  // A version that arrives is what a person wants to see.
  useEffect(() => {
    if (bId !== null && deck.state.mode === "a") deck.view({ mode: "b" });
    if (bId === null) deck.view({ mode: "a" });
  }, [bId, deck]);

  const modeBefore = useRef<Mode>("a");
  const showGraded = (on: boolean) => {
    if (on && !copy) return;
    if (on) modeBefore.current = deck.state.mode;
    setWantsGraded(on);
    if (!on) deck.view({ mode: versionB ? modeBefore.current : "a" });
    else if (deck.state.mode === "a") deck.view({ mode: "b" });
  };
  // A copy that no longer holds goes from the canvas.
  useEffect(() => {
    if (wantsGraded && copy === null) showGraded(false);
  }, [wantsGraded, copy]);

  const mode = useDeckState(deck, (state) => state.mode);
  const showPlate = () => {
    setSides((old) => ({ ...old, a: null }));
    deck.view({ mode: "a" });
    setPanels(true);
  };
  const drawing = useDrawing({ shot, deck, onPlate: mode === "a" && a.kind === "plate", showPlate });

  const rate = useMemo(() => rateOf(shot.rate), [shot.rate]);
  const labelOf = useCallback(
    (frame: number) => {
      const start = parseLabel(shot.timecode, rate);
      return start ? label(start.frame + frame - shot.start, rate, start.drop) : "--:--:--:--";
    },
    [shot.timecode, shot.start, rate],
  );

  const shownFrame = useDeckState(deck, (state) => (state.speed === 0 ? state.frame : null));
  useEffect(() => {
    if (shownFrame !== null) noteAddress({ screen: "review", shot: shot.id, version: sides.b, frame: shownFrame });
  }, [shownFrame, shot.id, sides.b]);

  const decide = (what: "approve" | "reject" | "note", note: string, frames: number[]) => {
    if (!versionB) return;
    setBusy(true);
    setSheet(null);
    api
      .decide(versionB.id, what, note, frames)
      .then(() => setProblem(""), (refused: Error) => setProblem(refused.message))
      .finally(() => {
        setBusy(false);
        refresh();
        refreshDetail();
      });
  };

  const frames = detail?.frames ?? NO_FRAMES;
  const decisions = detail?.decisions ?? versionB?.decisions ?? [];
  const noted = useMemo(() => [...new Set(decisions.flatMap((one) => one.frames))], [decisions]);
  useDeckCommands({
    deck,
    shot,
    frames,
    noted,
    hasB: b !== null,
    hasMatte: !graded && versionB?.matte != null,
    hasSupport: !graded && versionB?.support != null,
    onGraded: () => showGraded(!graded),
    onFit: () => setView({ zoom: null, x: 0, y: 0 }),
    onFull: () => setView({ zoom: 1 / devicePixelRatio, x: 0, y: 0 }),
    onPanels: () => setPanels((on) => !on),
    onDraw: drawing.toggle,
    onFrameBox: () => frameBox.current?.focus(),
    onApprove: () => document.querySelector<HTMLButtonElement>(".decide .primary")?.click(),
    onReject: () => versionB && setSheet("reject"),
    onNote: () => versionB && setSheet("note"),
  });

  return (
    <div className="review" data-panels={panels || undefined}>
      <div className="review-head">
        <button type="button" className="button quiet icon" aria-label="Back to shots" title="Back to shots (Esc)" onClick={() => go({ screen: "shots" })}>
          <Icon name="first" />
        </button>
        <h1>{shot.name}</h1>
        {!versionB && <StatusChip status={shot.status} />}
        <span className="faint clip-facts">{[shot.clip, shot.camera && `camera ${shot.camera}`, shot.input_space].filter(Boolean).join(", ")}</span>
        <ViewBar
          deck={deck}
          nameA={nameOf(graded ? null : versionA)}
          nameB={graded ? "graded" : versionB ? nameOf(versionB) : ""}
          hasB={b !== null}
          hasMatte={!graded && versionB?.matte != null}
          hasSupport={!graded && versionB?.support != null}
          graded={graded}
          hasGraded={copy !== null}
          onGraded={() => showGraded(!graded)}
          drawing={drawing.on}
          onDraw={drawing.toggle}
        />
      </div>
      {panels && (
        <aside className="rail" aria-label="Versions">
          <Versions
            shot={shot}
            a={graded ? null : (versionA?.id ?? null)}
            b={graded ? null : (versionB?.id ?? null)}
            onChoose={(side, id) => {
              setWantsGraded(false);
              setSides((old) => ({ a: old.a, b: bId, [side]: id }));
              deck.view({ mode: side });
            }}
          />
          <GradePanel shot={shot} onChanged={refresh} />
        </aside>
      )}
      <Stage deck={deck} view={view} onView={setView} over={drawing.layer} />
      {panels && (
        <aside className="inspector" aria-label="About this frame">
          {drawing.panel}
          {versionB && (
            <Decide
              deck={deck}
              version={versionB}
              frames={frames}
              busy={busy}
              problem={problem}
              onLook={() => (setWantsGraded(false), deck.view({ mode: "b" }))}
              onApprove={() => decide("approve", "", restoredFrames(frames))}
              onReject={() => setSheet("reject")}
            />
          )}
          <Provenance deck={deck} version={detail} />
          {versionB && <Notes decisions={decisions} onFrame={(frame) => deck.seek(frame)} onNote={() => setSheet("note")} />}
        </aside>
      )}
      <div className="deck">
        <div className="strip-room">
          <ClassStrip deck={deck} frames={frames} noted={noted} labelOf={labelOf} />
          <RefusedMarks frames={frames} start={shot.start} end={shot.end} />
        </div>
        <Transport deck={deck} labelOf={labelOf} frameBox={frameBox} zoom={view.zoom === null ? "fit" : `${Math.round(view.zoom * devicePixelRatio * 100)} %`} />
      </div>
      {drawing.sheet}
      {sheet && versionB && (
        <NoteSheet
          kind={sheet}
          version={versionB}
          frame={deck.state.shown ?? deck.state.frame}
          onClose={() => setSheet(null)}
          onSend={(note, about) => decide(sheet, note, about)}
        />
      )}
    </div>
  );
}
