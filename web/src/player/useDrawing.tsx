// Drawing on the shot that is looked at: the strokes, the tool's state, and the form that takes what was drawn.

import { useEffect, useState, type CSSProperties, type ReactNode } from "react";
import type { ShotDetail } from "../api/types";
import { go } from "../app/router";
import { DispatchDialog } from "../shots/DispatchDialog";
import type { Deck } from "./deck";
import { StrokeLayer } from "./StrokeLayer";
import { StrokePanel } from "./StrokePanel";
import { useStrokes, type StrokeJob } from "./strokes";

interface Wiring {
  shot: ShotDetail;
  deck: Deck;
  /** Whether the plate is what is on the canvas: strokes are in its pixels. */
  onPlate: boolean;
  showPlate: () => void;
}

export interface Drawing {
  on: boolean;
  toggle: () => void;
  /** What lies over the picture, given the picture's place on the stage. */
  layer: ((place: CSSProperties) => ReactNode) | undefined;
  panel: ReactNode;
  sheet: ReactNode;
}

export function useDrawing({ shot, deck, onPlate, showPlate }: Wiring): Drawing {
  const strokes = useStrokes(shot);
  const [on, setOn] = useState(false);
  const [inside, setInside] = useState(true);
  const [job, setJob] = useState<StrokeJob | null>(null);
  const close = () => setOn(false);
  useEffect(() => {
    if (on) showPlate();
  }, [on]);
  const side = { strokes, inside, onInside: setInside, onClose: close };
  return {
    on,
    toggle: () => setOn(!on),
    layer: on && onPlate ? (place) => <StrokeLayer deck={deck} width={shot.width} height={shot.height} place={place} {...side} /> : undefined,
    panel: on && <StrokePanel deck={deck} onPlate={onPlate} onPlateShown={showPlate} onRun={setJob} {...side} />,
    sheet: job && (
      <DispatchDialog
        shots={[shot]}
        given={{ pass: job.pass.name, settings: job.settings }}
        onClose={() => setJob(null)}
        onSent={() => go({ screen: "queue" })}
      />
    ),
  };
}
