// Every frame of the shot in one line: its class by colour and height, refusals hatched, the playhead over it.

import { memo, useMemo, useRef, type PointerEvent as Pressed } from "react";
import type { FrameClass, FrameRecord } from "../api/types";
import type { Deck } from "./deck";
import { useDeckState } from "./useDeck";

const MEANING: Record<FrameClass, string> = {
  A: "no performer touched",
  B: "performer changed in light and colour only",
  C: "geometry of the whole frame",
  R: "performer restored from near frames",
  D: "performer changed",
};
/** A class is told by height as well as by colour. */
const HEIGHT: Record<FrameClass, number> = { A: 5, B: 9, C: 12, R: 16, D: 20 };
const TALL = 22;

interface Run {
  from: number;
  to: number;
  name: FrameClass;
  refused: boolean;
}

function runsOf(frames: FrameRecord[]): Run[] {
  const runs: Run[] = [];
  for (const { frame, class: name, refused } of [...frames].sort((a, b) => a.frame - b.frame)) {
    const last = runs.at(-1);
    if (last && last.to === frame && last.name === name && last.refused === refused) last.to = frame + 1;
    else runs.push({ from: frame, to: frame + 1, name, refused });
  }
  return runs;
}

export function meaningOf(name: FrameClass, refused: boolean): string {
  return refused ? "refused: left as it was" : MEANING[name];
}

interface Props {
  deck: Deck;
  frames: FrameRecord[];
  noted: number[];
  labelOf: (frame: number) => string;
}

export function ClassStrip({ deck, frames, noted, labelOf }: Props) {
  const frame = useDeckState(deck, (state) => state.frame);
  const markIn = useDeckState(deck, (state) => state.markIn);
  const markOut = useDeckState(deck, (state) => state.markOut);
  const cached = useDeckState(deck, (state) => state.cached.flat().join());
  const place = useRef<HTMLDivElement>(null);
  const held = useRef(false);
  const length = deck.end - deck.start;
  const at = (value: number) => `${((value - deck.start) / length) * 100}%`;
  const wide = (count: number) => `${(count / length) * 100}%`;

  const seek = (event: Pressed) => {
    const box = place.current?.getBoundingClientRect();
    if (!box) return;
    const share = Math.min(0.999999, Math.max(0, (event.clientX - box.left) / box.width));
    deck.seek(deck.start + Math.floor(share * length));
  };
  const runs = cached ? cached.split(",").map(Number) : [];

  return (
    <div
      className="strip"
      ref={place}
      role="slider"
      tabIndex={0}
      aria-label="Frame"
      aria-valuemin={deck.start}
      aria-valuemax={deck.end - 1}
      aria-valuenow={frame}
      aria-valuetext={`frame ${frame}, ${labelOf(frame)}`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        held.current = true;
        deck.stop();
        seek(event);
      }}
      onPointerMove={(event) => held.current && seek(event)}
      onPointerUp={() => (held.current = false)}
      onPointerCancel={() => (held.current = false)}
    >
      <Classes frames={frames} start={deck.start} end={deck.end} />
      <div className="strip-cache">
        {Array.from({ length: runs.length / 2 }, (_, index) => {
          const from = runs[2 * index] ?? 0;
          const to = runs[2 * index + 1] ?? 0;
          return <i key={from} style={{ left: at(from), width: wide(to - from) }} />;
        })}
      </div>
      {noted.map((one) => (
        <i key={one} className="strip-note" style={{ left: at(one + 0.5) }} />
      ))}
      {(markIn !== null || markOut !== null) && (
        <>
          <i className="strip-out" style={{ left: 0, width: at(markIn ?? deck.start) }} />
          <i className="strip-out" style={{ left: at((markOut ?? deck.end - 1) + 1), right: 0 }} />
        </>
      )}
      <i className="strip-head" style={{ left: at(frame), width: `max(2px, ${wide(1)})` }} />
    </div>
  );
}

const Classes = memo(function Classes({ frames, start, end }: { frames: FrameRecord[]; start: number; end: number }) {
  const runs = useMemo(() => runsOf(frames), [frames]);
  const said = useMemo(() => {
    const counts = new Map<string, number>();
    for (const run of runs) {
      const key = `${run.name}${run.refused ? " refused" : ""}`;
      counts.set(key, (counts.get(key) ?? 0) + run.to - run.from);
    }
    return [...counts].map(([name, count]) => `${count} class ${name}`).join(", ");
  }, [runs]);
  return (
    <svg className="classes" viewBox={`${start} 0 ${end - start} ${TALL}`} preserveAspectRatio="none" role="img" aria-label={said || "No classes yet"}>
      {runs.map((run) => (
        <rect
          key={run.from}
          data-class={run.name}
          data-refused={run.refused || undefined}
          className={`fill-${run.name.toLowerCase()}`}
          x={run.from}
          width={run.to - run.from}
          y={TALL - HEIGHT[run.name]}
          height={HEIGHT[run.name]}
        >
          <title>{`${run.from === run.to - 1 ? `Frame ${run.from}` : `Frames ${run.from} to ${run.to - 1}`}: ${run.name}, ${meaningOf(run.name, run.refused)}`}</title>
        </rect>
      ))}
    </svg>
  );
});

/** Hatching is drawn over the strip in screen pixels, so that it looks the same at every length. */
export function RefusedMarks({ frames, start, end }: { frames: FrameRecord[]; start: number; end: number }) {
  const runs = useMemo(() => runsOf(frames).filter((run) => run.refused), [frames]);
  return (
    <div className="refused-marks" aria-hidden="true">
      {runs.map((run) => (
        <i key={run.from} style={{ left: `${(100 * (run.from - start)) / (end - start)}%`, width: `${(100 * (run.to - run.from)) / (end - start)}%` }} />
      ))}
    </div>
  );
}
