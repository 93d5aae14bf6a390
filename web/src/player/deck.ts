// The deck: the playhead in whole frames, the frames around it, and the picture they make.

import { FrameStore } from "./frames";
import { painterFor, type Mode, type Painter } from "./painter";

export interface Stores {
  a: FrameStore | null;
  b: FrameStore | null;
  matte: FrameStore | null;
  support: FrameStore | null;
  /** Full-resolution stills, shown in place of the proxies while the deck stands still. */
  exactA: FrameStore | null;
  exactB: FrameStore | null;
}

export interface DeckState {
  /** The frame asked for. */
  frame: number;
  /** The frame whose picture is on the canvas; null before the first. */
  shown: number | null;
  /** Whether what is shown is the exact still or the proxy. */
  shownExact: boolean;
  /** What has to be said of the picture on the canvas; empty for plates and versions. */
  shownLabel: string;
  speed: number;
  markIn: number | null;
  markOut: number | null;
  loop: boolean;
  /** Skip frames rather than lose time. */
  realTime: boolean;
  skipped: number;
  fps: number;
  mode: Mode;
  wipe: number;
  flipped: boolean;
  gain: number;
  matte: boolean;
  support: boolean;
  exact: boolean;
  fault: string;
  cached: [number, number][];
  width: number;
  height: number;
}

const NOTHING: Stores = { a: null, b: null, matte: null, support: null, exactA: null, exactB: null };
const SPEEDS = [1, 2, 4, 8];
const AHEAD = 90;
const BEHIND = 10;

export class Deck {
  private stores: Stores = NOTHING;
  private painter: Painter | null = null;
  private canvas: HTMLCanvasElement | null = null;
  private readonly watchers = new Set<() => void>();
  private request = 0;
  private due = 0;
  private stale = true;
  private paintTimes: number[] = [];
  private ordered = "";
  /** Device pixels of the screen for each pixel of the picture: while playing, no more are drawn than are seen. */
  screenScale = 1;
  state: DeckState;

  constructor(
    readonly start: number,
    readonly end: number,
    readonly rate: number,
    frame: number,
  ) {
    this.state = {
      frame: Math.min(Math.max(frame, start), end - 1), shown: null, shownExact: false, shownLabel: "", speed: 0, markIn: null, markOut: null, loop: true,
      realTime: false, skipped: 0, fps: 0, mode: "a", wipe: 0.5, flipped: false, gain: 4, matte: false, support: false, exact: false,
      fault: "", cached: [], width: 0, height: 0,
    };
  }

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };
  snapshot = (): DeckState => this.state;

  private set(change: Partial<DeckState>): void {
    this.state = { ...this.state, ...change };
    this.watchers.forEach((watcher) => watcher());
  }

  get first(): number {
    return this.state.markIn ?? this.start;
  }
  get last(): number {
    return this.state.markOut ?? this.end - 1;
  }

  attach(canvas: HTMLCanvasElement): () => void {
    this.canvas = canvas;
    this.painter = painterFor(canvas);
    this.stale = true;
    const tick = (now: number) => {
      this.tick(now);
      this.request = requestAnimationFrame(tick);
    };
    this.request = requestAnimationFrame(tick);
    return () => {
      cancelAnimationFrame(this.request);
      this.painter?.close();
      this.painter = null;
      this.canvas = null;
    };
  }

  load(stores: Partial<Stores>): void {
    this.stores = { ...this.stores, ...stores };
    for (const store of Object.values(this.stores)) if (store) store.onChange = () => (this.stale = true);
    this.stale = true;
    this.set({ fault: "" });
  }

  // What a person does ------------------------------------------------------------------------------------------

  seek(frame: number): void {
    const speed = this.state.speed;
    this.set({ frame: Math.min(Math.max(Math.round(frame), this.start), this.end - 1), speed });
    this.due = 0;
    this.stale = true;
  }

  step(by: number): void {
    this.stop();
    this.seek(this.state.frame + by);
  }

  stop(): void {
    // The frame on the screen is the frame to stop at.
    if (this.state.speed !== 0) this.set({ speed: 0, frame: this.state.shown ?? this.state.frame, fps: 0 });
    this.stale = true;
  }

  play(speed: number): void {
    const at = this.state.frame;
    const outside = at < this.first || at > this.last;
    const atEnd = (speed > 0 && at >= this.last) || (speed < 0 && at <= this.first);
    this.due = 0;
    this.paintTimes = [];
    this.set({ speed, skipped: 0, ...(outside || (atEnd && this.first !== this.last) ? { frame: speed > 0 ? this.first : this.last } : {}) });
  }

  toggle(): void {
    if (this.state.speed) this.stop();
    else this.play(1);
  }

  /** J and L: again is faster, the other way is back to normal speed. */
  shuttle(direction: 1 | -1, slow: boolean): void {
    const now = this.state.speed;
    if (slow) return this.play(direction * 0.25);
    const faster = SPEEDS.find((speed) => speed > Math.abs(now)) ?? 8;
    const next = Math.sign(now) === direction ? direction * faster : direction;
    if (Math.sign(now) === direction) this.set({ speed: next });
    else this.play(next);
    return undefined;
  }

  mark(side: "in" | "out"): void {
    const { frame, markIn, markOut } = this.state;
    if (side === "in") this.set({ markIn: frame, markOut: markOut !== null && markOut < frame ? null : markOut });
    else this.set({ markOut: frame, markIn: markIn !== null && markIn > frame ? null : markIn });
  }

  clearMarks(): void {
    this.set({ markIn: null, markOut: null });
  }

  view(change: Partial<Pick<DeckState, "mode" | "wipe" | "flipped" | "gain" | "matte" | "support" | "exact" | "loop" | "realTime">>): void {
    this.stale = true;
    this.set(change);
  }

  // What the deck does --------------------------------------------------------------------------------------------

  private tick(now: number): void {
    if (this.state.speed !== 0) this.advance(now);
    this.order();
    if (this.stale || this.state.shown !== this.state.frame) this.paint(now);
  }

  /** The frame that follows, or null where playing ends. */
  private following(frame: number, by: number): number | null {
    const next = frame + by;
    if (next >= this.first && next <= this.last) return next;
    if (!this.state.loop) return null;
    return by > 0 ? this.first : this.last;
  }

  private advance(now: number): void {
    const { speed, realTime, frame } = this.state;
    const interval = 1000 / this.rate / Math.min(1, Math.abs(speed));
    if (!this.due) this.due = now + interval;
    if (now < this.due || (!realTime && this.state.shown !== frame)) return;
    const stride = Math.sign(speed) * Math.max(1, Math.abs(speed));
    const late = realTime ? Math.floor((now - this.due) / interval) : 0;
    const next = this.following(frame, stride * (1 + late));
    if (next === null) return this.stop();
    if (!realTime && !this.ready(next)) {
      this.order(next);
      return undefined;
    }
    this.due = Math.max(this.due + interval * (1 + late), now - interval);
    this.set({ frame: next, skipped: this.state.skipped + late });
    return undefined;
  }

  private exactNow(): boolean {
    return this.state.exact && this.state.speed === 0;
  }

  private layers(): FrameStore[] {
    const { mode, matte, support } = this.state;
    const { a, b, matte: m, support: s } = this.stores;
    return [mode !== "b" ? a : null, mode !== "a" ? b : null, matte ? m : null, support ? s : null].filter((store) => store !== null);
  }

  private ready(frame: number): boolean {
    return this.layers().every((store) => store.settled(frame));
  }

  /** Ask the stores for the frames around the playhead, more of them in the direction of play. */
  private order(frame = this.state.frame): void {
    const { speed, mode, matte, support, exact } = this.state;
    const wanted = [frame, speed, mode, matte, support, exact, this.first, this.last].join();
    if (wanted === this.ordered && !this.stale) return;
    this.ordered = wanted;
    const by = Math.sign(speed) * Math.max(1, Math.abs(speed)) || 1;
    const frames = [frame];
    for (let at: number | null = frame, count = 0; count < AHEAD; count++) {
      at = this.following(at, by);
      if (at === null || at === frame) break;
      frames.push(at);
      if (count < BEHIND && !this.state.speed) frames.push(frame - 1 - count);
    }
    const near = [...new Set(frames)].filter((one) => one >= this.start && one < this.end);
    this.layers().forEach((store) => store.want(near));
    if (this.exactNow()) for (const store of this.exactLayers()) store.want([frame]);
  }

  private exactLayers(): FrameStore[] {
    const { mode } = this.state;
    return [mode !== "b" ? this.stores.exactA : null, mode !== "a" ? this.stores.exactB : null].filter((store) => store !== null);
  }

  private paint(now: number): void {
    const { frame, mode, wipe, flipped, gain } = this.state;
    if (!this.painter || !this.canvas || !this.ready(frame)) return;
    const { a, b, matte, support, exactA, exactB } = this.stores;
    const exact = this.exactNow();
    const full = (still: FrameStore | null, proxy: FrameStore | null) => (exact ? still?.peek(frame) : undefined) ?? proxy?.peek(frame) ?? null;
    const picture = {
      a: full(exactA, a), b: full(exactB, b), mode, wipe, flipped, gain,
      matte: this.state.matte ? (matte?.peek(frame) ?? null) : null,
      support: this.state.support ? (support?.peek(frame) ?? null) : null,
    };
    const base = mode === "b" ? picture.b : picture.a;
    const fault = this.faultAt(frame) || (base ? "" : "There is no picture for this frame.");
    if (!base || (mode !== "a" && mode !== "b" && !picture.b)) {
      this.stale = false;
      this.set({ fault: fault || "This version has no picture for this frame.", shown: frame });
      return;
    }
    const scale = this.state.speed !== 0 && this.screenScale < 0.75 ? this.screenScale : 1;
    const [width, height] = [Math.max(1, Math.round(base.width * scale)), Math.max(1, Math.round(base.height * scale))];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.painter.paint(picture);
    this.canvas.dataset.frame = String(frame);
    this.stale = false;
    this.paintTimes = [...this.paintTimes.filter((time) => now - time < 1000), now];
    const stills = this.exactLayers();
    const exactShown = exact && stills.length === (mode === "a" || mode === "b" ? 1 : 2) && stills.every((store) => store.peek(frame));
    this.set({
      shown: frame, shownExact: exactShown, shownLabel: mode === "a" ? "" : (b?.label ?? ""), fault, cached: this.cachedRuns(), width: base.width, height: base.height,
      fps: this.state.speed ? this.paintTimes.length : 0,
    });
  }

  private faultAt(frame: number): string {
    const exact = this.exactNow() ? this.exactLayers() : [];
    return [...this.layers(), ...exact].map((store) => store.broken.get(frame)).find(Boolean) ?? "";
  }

  private cachedRuns(): [number, number][] {
    const layers = this.layers();
    const [lead, ...rest] = layers;
    if (!lead) return [];
    const frames = [...lead.keptFrames()].filter((frame) => frame >= this.start && frame < this.end && rest.every((store) => store.settled(frame))).sort((x, y) => x - y);
    const runs: [number, number][] = [];
    for (const frame of frames) {
      const run = runs.at(-1);
      if (run && run[1] === frame) run[1] = frame + 1;
      else runs.push([frame, frame + 1]);
    }
    return runs;
  }
}
