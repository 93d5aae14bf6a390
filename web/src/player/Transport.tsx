// Timecode, the frame that is shown, and the keys of the deck as buttons.

import { useState } from "react";
import { Icon, type IconName } from "../design/icons";
import type { Deck } from "./deck";
import { useDeckState } from "./useDeck";

interface Props {
  deck: Deck;
  labelOf: (frame: number) => string;
  frameBox: React.RefObject<HTMLInputElement | null>;
  zoom: string;
}

export function Transport({ deck, labelOf, frameBox, zoom }: Props) {
  const speed = useDeckState(deck, (state) => state.speed);
  const loop = useDeckState(deck, (state) => state.loop);
  const realTime = useDeckState(deck, (state) => state.realTime);
  return (
    <div className="transport">
      <Readout deck={deck} labelOf={labelOf} frameBox={frameBox} />
      <div className="deck-keys" role="group" aria-label="Transport">
        <Key icon="markIn" name="Mark in (I)" run={() => deck.mark("in")} />
        <Key icon="first" name="First frame (Home)" run={() => deck.step(deck.first - deck.state.frame)} />
        <Key icon="stepBack" name="One frame back (←)" run={() => deck.step(-1)} />
        <Key icon="back" name="Play backwards (J)" run={() => deck.shuttle(-1, false)} on={speed < 0} />
        <Key icon={speed > 0 ? "pause" : "play"} name={speed > 0 ? "Stop (K)" : "Play (L)"} run={() => deck.toggle()} on={speed > 0} />
        <Key icon="stepForward" name="One frame on (→)" run={() => deck.step(1)} />
        <Key icon="last" name="Last frame (End)" run={() => deck.step(deck.last - deck.state.frame)} />
        <Key icon="markOut" name="Mark out (O)" run={() => deck.mark("out")} />
        <Key icon="loop" name="Loop" run={() => deck.view({ loop: !loop })} on={loop} />
      </div>
      <div className="deck-facts figures">
        <Pace deck={deck} />
        <button
          type="button"
          className="fact-button"
          title="Every frame: none is skipped. Real time: frames are skipped rather than time lost."
          onClick={() => deck.view({ realTime: !realTime })}
        >
          {realTime ? "real time" : "every frame"}
        </button>
        <Source deck={deck} />
        <span>{zoom}</span>
      </div>
    </div>
  );
}

function Key({ icon, name, run, on }: { icon: IconName; name: string; run: () => void; on?: boolean }) {
  return (
    <button type="button" className="deck-key" aria-label={name} title={name} aria-pressed={on} onClick={run}>
      <Icon name={icon} />
    </button>
  );
}

function Readout({ deck, labelOf, frameBox }: Omit<Props, "zoom">) {
  const shown = useDeckState(deck, (state) => state.shown);
  const frame = useDeckState(deck, (state) => state.frame);
  const [typed, setTyped] = useState<string | null>(null);
  const seen = shown ?? frame;
  return (
    <div className="readout figures">
      <output className="timecode" aria-label="Timecode" data-testid="timecode">
        {labelOf(seen)}
      </output>
      <label className="frame-box" title="Frame of the clip (G to type one)">
        <span className="visually-hidden">Frame</span>
        <input
          ref={frameBox}
          data-testid="frame"
          inputMode="numeric"
          value={typed ?? String(seen)}
          size={Math.max(3, String(deck.end).length)}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={() => setTyped(null)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && typed !== null && /^[+-]?\d+$/.test(typed.trim())) {
              const by = /^[+-]/.test(typed.trim());
              deck.stop();
              deck.seek(by ? seen + Number(typed) : Number(typed));
            }
            if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
          }}
        />
      </label>
      <span className="faint">
        {seen - deck.start + 1} of {deck.end - deck.start}
      </span>
    </div>
  );
}

function Pace({ deck }: { deck: Deck }) {
  const speed = useDeckState(deck, (state) => state.speed);
  const fps = useDeckState(deck, (state) => state.fps);
  const skipped = useDeckState(deck, (state) => state.skipped);
  if (speed === 0) return <span>{Number(deck.rate.toFixed(3))} frames/s</span>;
  return (
    <span>
      {speed !== 1 ? `${speed}×  ` : ""}
      {fps} frames/s{skipped ? `, ${skipped} skipped` : ""}
    </span>
  );
}

function Source({ deck }: { deck: Deck }) {
  const exact = useDeckState(deck, (state) => state.shownExact);
  return <span title="Browsers are not calibrated: judge colour on a reference display.">{exact ? "exact frame" : "proxy"}, sRGB</span>;
}
