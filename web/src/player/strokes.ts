// Strokes and clicks that a person draws on the plate, kept with their shot, and the form in which a pass takes them.

import { useEffect, useState } from "react";
import type { Pass, Schema } from "../api/types";

export type Point = [number, number];

export interface Stroke {
  /** Frame of the clip. */
  frame: number;
  /** Drawn on what is meant, or on what is not. */
  inside: boolean;
  /** x, y in pixels of the plate, the middle of its first pixel at 0, 0; a single point is a click. */
  points: Point[];
}

export interface Strokes {
  all: Stroke[];
  add: (stroke: Stroke) => void;
  remove: (stroke: Stroke) => void;
  clear: () => void;
}

/** A shot's strokes, in the order they were drawn; they last as long as the browser's tab. */
export function useStrokes(shot: { id: number; name: string }): Strokes {
  const key = `answerprint.strokes.${shot.id}.${shot.name}`;
  const [all, setAll] = useState(() => JSON.parse(sessionStorage.getItem(key) ?? "[]") as Stroke[]);
  useEffect(() => sessionStorage.setItem(key, JSON.stringify(all)), [key, all]);
  return {
    all,
    add: (stroke) => setAll((old) => [...old, stroke]),
    remove: (stroke) => setAll((old) => old.filter((one) => one !== stroke)),
    clear: () => setAll([]),
  };
}

interface StrokeField {
  name: string;
  /** Whether a stroke may say that it is on what is not meant. */
  sides: boolean;
  fewestPoints: number;
}

/** The field of a form that takes strokes: a list of records with a frame and points. */
function strokeField(schema: Schema): StrokeField | null {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const item = field.items?.$ref ? schema.$defs?.[field.items.$ref.replace("#/$defs/", "")] : field.items;
    const { frame, points, inside } = item?.properties ?? {};
    if (frame && points) return { name, sides: inside !== undefined, fewestPoints: points.minItems ?? 1 };
  }
  return null;
}

export interface StrokeJob {
  pass: Pass;
  /** The strokes as the pass takes them, by the name of its field. */
  settings: Record<string, unknown>;
  count: number;
}

/** Every pass that takes strokes, with those of these that it can take. */
export function strokeJobs(passes: Pass[], strokes: Stroke[]): StrokeJob[] {
  return passes.flatMap((pass) => {
    const field = strokeField(pass.schema);
    if (!field) return [];
    const usable = strokes.filter((one) => (field.sides || one.inside) && one.points.length >= field.fewestPoints);
    const told = field.sides ? usable : usable.map(({ frame, points }) => ({ frame, points }));
    return [{ pass, settings: { [field.name]: told }, count: usable.length }];
  });
}

/** A drawn line with as few points as keep it within ``room`` pixels (D. Douglas, T. Peucker 1973). */
export function simplified(line: Point[], room: number): Point[] {
  const [first] = line;
  const last = line.at(-1);
  if (line.length < 3 || !first || !last) return line;
  const away = line.map((point) => offLine(point, first, last));
  const worst = away.indexOf(Math.max(...away));
  if ((away[worst] ?? 0) <= room) return [first, last];
  return [...simplified(line.slice(0, worst + 1), room).slice(0, -1), ...simplified(line.slice(worst), room)];
}

function offLine([x, y]: Point, [x0, y0]: Point, [x1, y1]: Point): number {
  const [across, down] = [x1 - x0, y1 - y0];
  const long = across * across + down * down;
  const along = long ? Math.min(1, Math.max(0, ((x - x0) * across + (y - y0) * down) / long)) : 0;
  return Math.hypot(x - x0 - along * across, y - y0 - along * down);
}
