// Drawing on the plate: strokes with the pointer, points with the keyboard. It lies over the picture only while a person draws.

import { useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent as Pressed } from "react";
import type { Deck } from "./deck";
import { simplified, type Point, type Stroke, type Strokes } from "./strokes";
import { useDeckState } from "./useDeck";
import "./strokes.css";

/** Pixels of the screen between two points of a line, and how far its simpler form may lie off. */
const APART = 3;
const ROOM = 0.75;
/** A leap of the pen with Shift, as a share of the width. */
const LEAP = 1 / 48;

interface Props {
  deck: Deck;
  /** Pixels of the plate. */
  width: number;
  height: number;
  strokes: Strokes;
  inside: boolean;
  onInside: (inside: boolean) => void;
  onClose: () => void;
  /** Where the picture lies on the stage. */
  place: CSSProperties;
}

export function StrokeLayer({ deck, width, height, strokes, inside, onInside, onClose, place }: Props) {
  const frame = useDeckState(deck, (state) => state.shown ?? state.frame);
  const [line, setLine] = useState<Point[]>([]);
  const [pen, setPen] = useState<Point | null>(null);
  const drawing = useRef(false);
  const sheet = useRef<SVGSVGElement>(null);

  const bounded = (x: number, y: number): Point => [clamped(x, width), clamped(y, height)];
  const under = (event: Pressed): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    return bounded(((event.clientX - box.left) / box.width) * width - 0.5, ((event.clientY - box.top) / box.height) * height - 0.5);
  };
  const screenPixel = () => width / (sheet.current?.getBoundingClientRect().width || width);
  const finish = (points: Point[], room: number) => {
    setLine([]);
    if (points.length) strokes.add({ frame, inside, points: simplified(points, room) });
  };

  const press = (event: Pressed) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    deck.stop();
    drawing.current = true;
    setPen(null);
    setLine([under(event)]);
  };
  const move = (event: Pressed) => {
    if (!drawing.current) return;
    event.stopPropagation();
    const next = under(event);
    const apart = APART * screenPixel();
    setLine((old) => (away(old.at(-1), next) < apart ? old : [...old, next]));
  };
  const release = (event: Pressed) => {
    if (!drawing.current) return;
    event.stopPropagation();
    drawing.current = false;
    finish(line, ROOM * screenPixel());
  };

  const movePen = (event: KeyboardEvent) => {
    const [across, down] = ARROWS[event.key] ?? [0, 0];
    const step = event.shiftKey ? Math.max(1, Math.round(width * LEAP)) : 1;
    const [x, y] = pen ?? middle(width, height);
    setPen(pen ? bounded(x + across * step, y + down * step) : [x, y]);
  };
  const undo = () => {
    const last = strokes.all.findLast((one) => one.frame === frame);
    if (line.length) setLine(line.slice(0, -1));
    else if (last) strokes.remove(last);
  };
  const pressed = (event: KeyboardEvent) => {
    const at = pen ?? middle(width, height);
    const acts: Record<string, () => void> = {
      " ": () => (setPen(at), setLine([...line, at])),
      Enter: () => (setPen(at), finish(away(line.at(-1), at) > 0 ? [...line, at] : line, 0)),
      Backspace: undo,
      Escape: () => (line.length ? setLine([]) : onClose()),
      "+": () => onInside(true),
      "=": () => onInside(true),
      "-": () => onInside(false),
    };
    const act = event.key in ARROWS ? () => movePen(event) : acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    deck.stop();
    act();
  };

  return (
    <>
      <svg
        ref={sheet}
        className="stroke-layer"
        style={place}
        viewBox={`-0.5 -0.5 ${width} ${height}`}
        role="application"
        aria-roledescription="drawing surface"
        aria-label="Strokes on the picture"
        aria-describedby="stroke-keys"
        tabIndex={0}
        onPointerDown={press}
        onPointerMove={move}
        onPointerUp={release}
        onPointerCancel={release}
        onKeyDown={pressed}
        onBlur={() => setPen(null)}
      >
        {strokes.all.map((one, number) => one.frame === frame && <Mark key={number} stroke={one} />)}
        {line.length > 0 && <Mark stroke={{ frame, inside, points: pen ? [...line, pen] : line }} />}
        {pen && <Pen at={pen} reach={9 * screenPixel()} />}
      </svg>
      <span className="visually-hidden" role="status">
        {pen && `${pen.join(", ")}, ${inside ? "inside" : "outside"}${line.length ? `, ${line.length} of a line` : ""}`}
      </span>
    </>
  );
}

const ARROWS: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function clamped(value: number, size: number): number {
  return Math.round(Math.min(size - 1, Math.max(0, value)) * 10) / 10;
}

function middle(width: number, height: number): Point {
  return [Math.floor(width / 2), Math.floor(height / 2)];
}

function away(from: Point | undefined, to: Point): number {
  return from ? Math.hypot(to[0] - from[0], to[1] - from[1]) : Infinity;
}

/** A stroke twice: its own line on a dark one, so that it is seen on any picture. Outside is dashed as well as another colour. */
function Mark({ stroke }: { stroke: Stroke }) {
  const [first] = stroke.points;
  // A line of no length with round ends is a dot.
  const points = (stroke.points.length === 1 && first ? [first, first] : stroke.points).map((point) => point.join()).join(" ");
  return (
    <g className="stroke" data-inside={stroke.inside || undefined} data-click={stroke.points.length === 1 || undefined}>
      <polyline className="stroke-edge" points={points} />
      <polyline className="stroke-line" points={points} />
    </g>
  );
}

function Pen({ at: [x, y], reach }: { at: Point; reach: number }) {
  const cross = `M${x - reach} ${y}H${x - reach / 4}M${x + reach / 4} ${y}H${x + reach}M${x} ${y - reach}V${y - reach / 4}M${x} ${y + reach / 4}V${y + reach}`;
  return (
    <g className="pen">
      <path className="stroke-edge" d={cross} />
      <path className="stroke-line" d={cross} />
    </g>
  );
}
