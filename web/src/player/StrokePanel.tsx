// Beside the picture while a person draws: which side the strokes are on, what was drawn, and the passes that take it.

import { useMemo } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import { Keys } from "../app/commands";
import { Icon } from "../design/icons";
import type { Deck } from "./deck";
import { strokeJobs, type StrokeJob, type Strokes } from "./strokes";
import { useDeckState } from "./useDeck";

interface Props {
  deck: Deck;
  strokes: Strokes;
  inside: boolean;
  /** Whether the plate is what is on the canvas. */
  onPlate: boolean;
  onInside: (inside: boolean) => void;
  onPlateShown: () => void;
  onRun: (job: StrokeJob) => void;
  onClose: () => void;
}

const SIDES = [
  { inside: true, name: "Inside", key: "+" },
  { inside: false, name: "Outside", key: "-" },
];

export function StrokePanel({ deck, strokes, inside, onPlate, onInside, onPlateShown, onRun, onClose }: Props) {
  const { value: passes } = useKnown(api.passes, "passes");
  const shown = useDeckState(deck, (state) => state.shown ?? state.frame);
  const jobs = useMemo(() => strokeJobs(passes ?? [], strokes.all), [passes, strokes.all]);
  return (
    <section className="stroke-panel" aria-label="Strokes">
      <header>
        <h2>Strokes</h2>
        <button type="button" className="button quiet" onClick={onClose} title="Stop drawing (P)">
          Done
        </button>
      </header>
      <div className="segments" role="radiogroup" aria-label="Strokes are on">
        {SIDES.map((side) => (
          <button key={side.name} type="button" role="radio" aria-checked={inside === side.inside} onClick={() => onInside(side.inside)}>
            <i className="side-sign" data-inside={side.inside || undefined} />
            <b>{side.name}</b>
          </button>
        ))}
      </div>
      {onPlate ? (
        <p className="help" id="stroke-keys">
          Draw on what is meant, or on what is not. By keyboard, on the picture: arrows move the pen (with <Keys keys="shift" /> further), <Keys keys="Space" /> puts a
          point, <Keys keys="Enter" /> ends the line or clicks, <Keys keys="Backspace" /> takes back, <Keys keys="+" /> <Keys keys="-" /> change sides.
        </p>
      ) : (
        <p className="help">
          Strokes are on the plate.{" "}
          <button type="button" className="frame-link" onClick={onPlateShown}>
            Show it
          </button>
        </p>
      )}
      {strokes.all.length > 0 && (
        <ul aria-label="Strokes drawn">
          {strokes.all.map((one, number) => (
            <li key={number} data-here={one.frame === shown || undefined}>
              <i className="side-sign" data-inside={one.inside || undefined} />
              <button type="button" className="frame-link figures" onClick={() => (deck.stop(), deck.seek(one.frame))}>
                frame {one.frame}
              </button>
              <span className="faint">
                {one.inside ? "inside" : "outside"}, {one.points.length === 1 ? "a click" : `${one.points.length} points`}
              </span>
              <button type="button" className="button quiet icon" aria-label={`Remove stroke ${number + 1}`} title="Remove" onClick={() => strokes.remove(one)}>
                <Icon name="cross" size={13} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="stroke-jobs">
        {jobs.map((job) => (
          <button key={job.pass.name} type="button" className="button" disabled={job.count === 0} title={job.pass.summary} onClick={() => onRun(job)}>
            {job.pass.title}…
          </button>
        ))}
        <button type="button" className="button quiet" disabled={strokes.all.length === 0} onClick={strokes.clear}>
          Remove all
        </button>
      </div>
    </section>
  );
}
