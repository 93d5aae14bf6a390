// What is looked at: plate, version, wipe or difference, and what is laid over.

import type { CSSProperties } from "react";
import type { Deck } from "./deck";
import type { Mode } from "./painter";
import { useDeckState } from "./useDeck";

const MODES: { mode: Mode; name: string; key: string }[] = [
  { mode: "a", name: "A", key: "1" },
  { mode: "b", name: "B", key: "2" },
  { mode: "wipe", name: "Wipe", key: "W" },
  { mode: "difference", name: "Difference", key: "D" },
];

interface Props {
  deck: Deck;
  nameA: string;
  nameB: string;
  hasB: boolean;
  hasMatte: boolean;
  hasSupport: boolean;
  graded: boolean;
  /** Whether there is a graded copy that is up to date and can be shown. */
  hasGraded: boolean;
  onGraded: () => void;
  drawing: boolean;
  onDraw: () => void;
}

export function ViewBar({ deck, nameA, nameB, hasB, hasMatte, hasSupport, graded, hasGraded, onGraded, drawing, onDraw }: Props) {
  const mode = useDeckState(deck, (state) => state.mode);
  const gain = useDeckState(deck, (state) => state.gain);
  const matte = useDeckState(deck, (state) => state.matte);
  const support = useDeckState(deck, (state) => state.support);
  const exact = useDeckState(deck, (state) => state.exact);
  const named: Record<Mode, string> = { a: nameA, b: nameB, wipe: "", difference: "" };
  return (
    <div className="view-bar">
      <div className="segments" role="radiogroup" aria-label="View">
        {MODES.map(({ mode: one, name, key }) => (
          <button
            key={one}
            type="button"
            role="radio"
            aria-checked={mode === one}
            disabled={one !== "a" && !hasB}
            title={`${name} (${key})`}
            onClick={() => deck.view({ mode: one })}
          >
            <b>{name}</b>
            {named[one] && <span>{named[one]}</span>}
          </button>
        ))}
      </div>
      {mode === "difference" && (
        <label className="gain">
          <span>Gain</span>
          <input
            type="range"
            min={0}
            max={6}
            step={1}
            value={Math.log2(gain)}
            style={{ "--filled": `${(Math.log2(gain) / 6) * 100}%` } as CSSProperties}
            aria-valuetext={`times ${gain}`}
            onChange={(event) => deck.view({ gain: 2 ** Number(event.target.value) })}
          />
          <span className="figures gain-figure">× {gain}</span>
        </label>
      )}
      {support && (
        <span className="legend" aria-hidden="true">
          <i className="none" />
          not seen
          <i className="few" />
          few frames
          <i className="many" />
          many
        </span>
      )}
      <div className="view-end">
        <Toggle name="Matte" keyName="M" on={matte} disabled={!hasMatte} run={() => deck.view({ matte: !matte })} />
        <Toggle name="Support" keyName="S" on={support} disabled={!hasSupport} run={() => deck.view({ support: !support })} />
        <Toggle
          name="Graded"
          keyName="V"
          on={graded}
          disabled={!hasGraded}
          run={onGraded}
          title={hasGraded ? "The clip as people watch it, as B beside its plate (V)" : "No graded copy that is up to date: answerprint run DIR dailies makes it"}
        />
        <Toggle name="Strokes" keyName="P" on={drawing} run={onDraw} title="Draw on the plate what a matte or a wire is to hold (P)" />
        <Toggle name="Exact" keyName="X" on={exact} run={() => deck.view({ exact: !exact })} title="Show the full-resolution frame while standing still (X)" />
      </div>
    </div>
  );
}

interface ToggleProps {
  name: string;
  keyName: string;
  on: boolean;
  run: () => void;
  disabled?: boolean;
  title?: string;
}

function Toggle({ name, keyName, on, run, disabled, title }: ToggleProps) {
  return (
    <button type="button" className="toggle" aria-pressed={on} disabled={disabled} title={title ?? `${name} (${keyName})`} onClick={run}>
      {name}
    </button>
  );
}
