// The picture and nothing on it but what has to be said of it: fitted, zoomed and moved; the wipe's handles stand beside the picture.

import { useCallback, useEffect, useLayoutEffect, useRef, useState, type CSSProperties, type PointerEvent as Pressed, type ReactNode } from "react";
import type { Deck } from "./deck";
import { useDeckState } from "./useDeck";

/** Room around a fitted picture, where the wipe's handles stand. */
const GUTTER = 26;

export interface View {
  /** Screen pixels of CSS for each pixel of the picture; null fits it. */
  zoom: number | null;
  x: number;
  y: number;
}

interface Props {
  deck: Deck;
  view: View;
  onView: (view: View) => void;
  /** What lies over the picture, given the picture's place on the stage. */
  over?: ((place: CSSProperties) => ReactNode) | undefined;
}

export function Stage({ deck, view, onView, over }: Props) {
  const room = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [problem, setProblem] = useState("");
  const width = useDeckState(deck, (state) => state.width);
  const height = useDeckState(deck, (state) => state.height);
  const fault = useDeckState(deck, (state) => state.fault);
  const mode = useDeckState(deck, (state) => state.mode);
  const wipe = useDeckState(deck, (state) => state.wipe);
  const flipped = useDeckState(deck, (state) => state.flipped);
  const said = useDeckState(deck, (state) => state.shownLabel);

  useEffect(() => {
    if (!canvas.current) return undefined;
    try {
      return deck.attach(canvas.current);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }, [deck]);

  useLayoutEffect(() => {
    const watched = room.current;
    if (!watched) return undefined;
    const observer = new ResizeObserver(([entry]) => entry && setSize({ width: entry.contentRect.width, height: entry.contentRect.height }));
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);

  const fit = width ? Math.min((size.width - 2 * GUTTER) / width, (size.height - 2 * GUTTER) / height) : 1;
  const scale = view.zoom ?? fit;
  deck.screenScale = scale * devicePixelRatio;
  const left = (size.width - width * scale) / 2 + view.x;
  const top = (size.height - height * scale) / 2 + view.y;

  const setWipe = useCallback(
    (clientX: number) => {
      const box = canvas.current?.getBoundingClientRect();
      if (box?.width) deck.view({ wipe: Math.min(1, Math.max(0, (clientX - box.left) / box.width)) });
    },
    [deck],
  );

  const drag = useRef<{ kind: "wipe" | "pan"; x: number; y: number } | null>(null);
  const press = (event: Pressed, kind: "wipe" | "pan") => {
    if (event.button > 1) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.stopPropagation();
    drag.current = { kind: event.button === 1 ? "pan" : kind, x: event.clientX - view.x, y: event.clientY - view.y };
    if (drag.current.kind === "wipe") setWipe(event.clientX);
  };
  const move = (event: Pressed) => {
    if (drag.current?.kind === "wipe") setWipe(event.clientX);
    else if (drag.current) onView({ zoom: scale, x: event.clientX - drag.current.x, y: event.clientY - drag.current.y });
  };
  const release = () => (drag.current = null);

  useEffect(() => {
    const watched = room.current;
    const rolled = (event: WheelEvent) => {
      event.preventDefault();
      const next = Math.min(16, Math.max(0.05, scale * Math.exp(-event.deltaY / 400)));
      const box = watched?.getBoundingClientRect();
      if (!box) return;
      // The point under the pointer stays where it is.
      const awayX = event.clientX - box.left - box.width / 2;
      const awayY = event.clientY - box.top - box.height / 2;
      onView({ zoom: next, x: awayX - ((awayX - view.x) * next) / scale, y: awayY - ((awayY - view.y) * next) / scale });
    };
    watched?.addEventListener("wheel", rolled, { passive: false });
    return () => watched?.removeEventListener("wheel", rolled);
  }, [scale, view, onView]);

  const place = { left, top, width: width * scale, height: height * scale };
  const line = left + wipe * width * scale;
  const upper = Math.max(0, top - GUTTER + 4);
  const lower = Math.min(size.height - GUTTER + 4, top + height * scale + 4);
  // Under a wipe the word stands in a corner of the side it is about.
  const corner = { top: Math.max(8, top + 8), ...(mode === "wipe" && !flipped ? { right: Math.max(8, size.width - left - width * scale + 8) } : { left: Math.max(8, left + 8) }) };
  const handle = {
    onPointerDown: (event: Pressed) => press(event, "wipe"),
    onPointerMove: move,
    onPointerUp: release,
    onDoubleClick: () => deck.view({ flipped: !deck.state.flipped }),
  };
  return (
    <div
      className={`stage mode-${mode}`}
      ref={room}
      onPointerDown={(event) => press(event, mode === "wipe" ? "wipe" : "pan")}
      onPointerMove={move}
      onPointerUp={release}
      onPointerCancel={release}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label="Picture"
        style={{ ...place, imageRendering: scale * devicePixelRatio >= 2 ? "pixelated" : "auto" }}
      />
      {width > 0 && over?.(place)}
      {mode === "wipe" && width > 0 && (
        <>
          <i className="wipe-line" style={{ left: line, top, height: height * scale }} />
          <button
            type="button"
            className="wipe-handle"
            role="slider"
            aria-label="Wipe"
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(wipe * 100)}
            style={{ left: line, top: lower }}
            onKeyDown={(event) => {
              const by = { ArrowLeft: -0.01, ArrowRight: 0.01 }[event.key];
              if (by === undefined) return;
              event.preventDefault();
              event.stopPropagation();
              deck.view({ wipe: Math.min(1, Math.max(0, wipe + by)) });
            }}
            {...handle}
          />
          <span className="wipe-handle upper" aria-hidden="true" style={{ left: line, top: upper }} {...handle} />
        </>
      )}
      {said && (
        <span className="stage-label" role="note" style={corner}>
          {said}
        </span>
      )}
      {(problem || fault) && (
        <p className="stage-fault" role="status">
          {problem || fault}
        </p>
      )}
    </div>
  );
}
