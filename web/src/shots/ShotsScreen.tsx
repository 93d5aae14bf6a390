// The wall of shots: see where each stands, choose several, send them to work.

import { useCallback, useDeferredValue, useMemo, useRef, useState, type CSSProperties } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import type { ShotStatus, ShotSummary } from "../api/types";
import { useCommands } from "../app/commands";
import { go } from "../app/router";
import { Icon } from "../design/icons";
import { Notice, toneOf, wordOf } from "../design/parts";
import { DispatchDialog } from "./DispatchDialog";
import { ShotCard } from "./ShotCard";

const STATUSES: ShotStatus[] = ["waiting", "working", "to review", "approved", "rejected"];
const SIZE = "answerprint.shots.size";

/** Shots that the newest cut left out wait for nobody: they stand under a word of their own. */
type Filter = ShotStatus | "left out";
const placeOf = (shot: ShotSummary): Filter => (shot.left_out ? "left out" : shot.status);

export function ShotsScreen() {
  const { value: shots, error } = useKnown(api.shots, "shots");
  const [filter, setFilter] = useState<Filter | null>(null);
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.toLowerCase());
  const [size, setSize] = useState(() => Number(localStorage.getItem(SIZE)) || 230);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [dispatching, setDispatching] = useState(false);
  const anchor = useRef<number | null>(null);
  const searchBox = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);

  const shown = useMemo(
    () =>
      (shots ?? []).filter(
        (shot) => (!filter || placeOf(shot) === filter) && `${shot.name} ${shot.clip} ${shot.camera} ${shot.scene}`.toLowerCase().includes(search),
      ),
    [shots, filter, search],
  );
  const leftOut = (shots ?? []).filter((shot) => shot.left_out).length;
  const picked = useMemo(() => (shots ?? []).filter((shot) => chosen.has(shot.id)), [shots, chosen]);

  // The wall's cells take the shape of most of its pictures, within what still makes a wall.
  const aspect = useMemo(() => {
    const shapes = (shots ?? []).map((shot) => shot.width / shot.height).sort((a, b) => a - b);
    return Math.min(1.9, Math.max(0.82, shapes[shapes.length >> 1] ?? 1.6));
  }, [shots]);

  const choose = useCallback(
    (shot: ShotSummary, how: "one" | "toggle" | "range") => {
      setChosen((old) => {
        const from = shown.findIndex((one) => one.id === anchor.current);
        const to = shown.findIndex((one) => one.id === shot.id);
        if (how === "range" && from >= 0) {
          const run = shown.slice(Math.min(from, to), Math.max(from, to) + 1).map((one) => one.id);
          return new Set([...old, ...run]);
        }
        anchor.current = shot.id;
        if (how === "one") return old.size === 1 && old.has(shot.id) ? new Set() : new Set([shot.id]);
        const next = new Set(old);
        if (!next.delete(shot.id)) next.add(shot.id);
        return next;
      });
    },
    [shown],
  );
  const open = useCallback((shot: ShotSummary) => go({ screen: "review", shot: shot.id, version: null, frame: null }), []);

  useCommands([
    { id: "select-all", name: "Select all shown shots", section: "Shots", keys: ["ctrl+a"], run: () => setChosen(new Set(shown.map((shot) => shot.id))) },
    { id: "select-none", name: "Select no shot", section: "Shots", keys: ["Escape"], run: () => setChosen(new Set()) },
    { id: "dispatch", name: "Dispatch the selected shots", section: "Shots", keys: ["d"], run: () => picked.length > 0 && setDispatching(true) },
    { id: "search", name: "Search shots", section: "Shots", keys: ["/"], run: () => searchBox.current?.focus() },
  ]);

  const moveFocus = (event: React.KeyboardEvent) => {
    const cards = [...(grid.current?.querySelectorAll<HTMLElement>("[role=gridcell]") ?? [])];
    const here = cards.indexOf(document.activeElement as HTMLElement);
    if (here < 0) return;
    const across = Math.max(1, cards.filter((card) => card.offsetTop === cards[0]?.offsetTop).length);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, Home: -here, End: cards.length - 1 - here }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    cards[Math.min(cards.length - 1, Math.max(0, here + step))]?.focus();
  };

  return (
    <div className="shots">
      <div className="toolbar">
        <div className="filters" role="group" aria-label="Status">
          <button type="button" className="filter" aria-pressed={filter === null} onClick={() => setFilter(null)}>
            All <span className="figures">{shots?.length ?? 0}</span>
          </button>
          {STATUSES.map((status) => {
            const count = (shots ?? []).filter((shot) => placeOf(shot) === status).length;
            return (
              <button
                key={status}
                type="button"
                className={`filter ${toneOf(status)}`}
                aria-pressed={filter === status}
                disabled={count === 0 && filter !== status}
                onClick={() => setFilter(filter === status ? null : status)}
              >
                {wordOf(status)} <span className="figures">{count}</span>
              </button>
            );
          })}
          {(leftOut > 0 || filter === "left out") && (
            <button type="button" className="filter" aria-pressed={filter === "left out"} onClick={() => setFilter(filter === "left out" ? null : "left out")}>
              Left out <span className="figures">{leftOut}</span>
            </button>
          )}
        </div>
        <label className="search">
          <Icon name="search" size={14} />
          <span className="visually-hidden">Search shots</span>
          <input ref={searchBox} className="input" type="search" placeholder="Name, clip, scene" value={typed} onChange={(event) => setTyped(event.target.value)} />
        </label>
        <label className="size">
          <span className="visually-hidden">Size of thumbnails</span>
          <input
            type="range"
            min={150}
            max={420}
            value={size}
            onChange={(event) => {
              setSize(Number(event.target.value));
              localStorage.setItem(SIZE, event.target.value);
            }}
          />
        </label>
        <div className="toolbar-end">
          <span className="figures muted" aria-live="polite">
            {chosen.size > 0 ? `${picked.length} selected` : ""}
          </span>
          <button type="button" className="button primary" disabled={picked.length === 0} onClick={() => setDispatching(true)}>
            <Icon name="send" />
            Dispatch…
          </button>
        </div>
      </div>
      {error && <Notice tone="bad">{error}</Notice>}
      {shots && shots.length === 0 && (
        <div className="empty">
          <strong>No shots yet</strong>
          <span>
            Shots come from the cut: <code>answerprint ingest</code> a timeline, or run <code>answerprint demo</code>.
          </span>
        </div>
      )}
      {shots && shots.length > 0 && shown.length === 0 && (
        <div className="empty">
          <strong>No shot fits</strong>
          <button type="button" className="button" onClick={() => (setFilter(null), setTyped(""))}>
            Show all
          </button>
        </div>
      )}
      <div
        className="shot-grid"
        role="grid"
        aria-label="Shots"
        aria-multiselectable="true"
        ref={grid}
        style={{ gridTemplateColumns: `repeat(auto-fill, minmax(${size}px, 1fr))`, "--aspect": aspect } as CSSProperties}
        onKeyDown={moveFocus}
      >
        {shown.map((shot) => (
          <ShotCard key={shot.id} shot={shot} chosen={chosen.has(shot.id)} onChoose={choose} onOpen={open} />
        ))}
      </div>
      {dispatching && (
        <DispatchDialog
          shots={picked}
          onClose={() => setDispatching(false)}
          onSent={() => {
            setDispatching(false);
            setChosen(new Set());
            go({ screen: "queue" });
          }}
        />
      )}
    </div>
  );
}
