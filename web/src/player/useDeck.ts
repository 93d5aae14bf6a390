// Ties a deck to a shot: opens its files, keeps them while they are compared, closes them when the shot is left.

import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { api } from "../api/client";
import type { GradedCopy, MediaFile, ShotDetail, VersionSummary } from "../api/types";
import { Deck, type DeckState } from "./deck";
import { canDecode, FrameStore, ProxyFrames, StillFrames, type FrameSource } from "./frames";
import { paintsPlanes } from "./painter";
import { rateOf } from "./timecode";

const MIB = 1024 * 1024;
/** Gigabytes of memory as the browser tells (at most 8), or half of that where it does not. */
const MEMORY = (navigator as { deviceMemory?: number }).deviceMemory ?? 4;
const BUDGET = { picture: 64 * MEMORY * MIB, overlay: 24 * MEMORY * MIB, still: 96 * MIB };

/** What is compared: the plate, a version of the shot, or the plate as people watch it, graded. */
export type Side = { kind: "plate" } | { kind: "version"; version: VersionSummary } | { kind: "graded"; copy: GradedCopy };

interface Files {
  proxy: MediaFile | null;
  /** Nothing stands in for a graded copy: single frames come without a grade. */
  stills: (() => FrameStore) | null;
  label: string;
}

const GRADE_NAMES = { technical: "technical", creative: "from the set" };

function filesOf(shot: ShotDetail, side: Side): Files {
  if (side.kind === "plate")
    return {
      proxy: shot.plate,
      stills: () => new FrameStore(new StillFrames(shot.clip_frames, (index) => api.stillUrl("clip", shot.clip_id, index)), 0, BUDGET.still),
      label: "",
    };
  if (side.kind === "graded")
    return { proxy: side.copy, stills: null, label: `Graded: ${side.copy.grades.map((name) => GRADE_NAMES[name]).join(", ")}` };
  const { version } = side;
  return {
    proxy: version.proxy,
    stills: () =>
      new FrameStore(new StillFrames(version.count, (index) => api.stillUrl("version", version.id, index + version.first)), version.first, BUDGET.still),
    label: "",
  };
}

/** The proxy where there is one and the browser can decode it; stills from the server otherwise. */
async function pictureStore({ proxy, stills, label }: Files): Promise<FrameStore | null> {
  if (!proxy || !canDecode()) return stills?.() ?? null;
  try {
    return new FrameStore(await ProxyFrames.open(api.mediaUrl(proxy.url), paintsPlanes()), proxy.first, BUDGET.picture, label);
  } catch (problem) {
    console.warn(`The movie cannot be used${stills ? ", single frames are shown instead" : ""}:`, problem);
    return stills?.() ?? null;
  }
}

async function overlayStore(file: MediaFile | null): Promise<FrameStore | null> {
  if (!file || !canDecode()) return null;
  const source: FrameSource | null = await ProxyFrames.open(api.mediaUrl(file.url), paintsPlanes()).catch(() => null);
  return source && new FrameStore(source, file.first, BUDGET.overlay);
}

function useSide(deck: Deck, shot: ShotDetail, side: Side | null, into: "a" | "b"): void {
  const version = side?.kind === "version" ? side.version : null;
  const movie = side?.kind === "graded" ? side.copy : version?.proxy;
  const key = side ? `${side.kind} ${version?.id ?? shot.clip_id} ${version?.count ?? 0} ${movie?.url ?? ""}` : "";
  const files = useMemo(() => (side ? filesOf(shot, side) : null), [key]);
  useEffect(() => {
    if (!files) return undefined;
    let left = false;
    const opened: FrameStore[] = [];
    const take = async (slot: string, opening: Promise<FrameStore | null>) => {
      const store = await opening;
      if (!store) return;
      if (left) return store.close();
      opened.push(store);
      deck.load({ [slot]: store });
    };
    void take(into, pictureStore(files));
    void take(into === "a" ? "exactA" : "exactB", Promise.resolve(files.stills?.() ?? null));
    if (into === "b" && version) {
      void take("matte", overlayStore(version.matte));
      void take("support", overlayStore(version.support));
    }
    return () => {
      left = true;
      deck.load(into === "a" ? { a: null, exactA: null } : { b: null, exactB: null, matte: null, support: null });
      opened.forEach((store) => store.close());
    };
  }, [deck, files, into]);
}

export function useDeck(shot: ShotDetail, a: Side, b: Side | null, frame: number): Deck {
  const [deck] = useState(() => new Deck(shot.start, shot.end, rateOf(shot.rate).exact, frame));
  useSide(deck, shot, a, "a");
  useSide(deck, shot, b, "b");
  return deck;
}

/** A part of the deck's state; the caller is drawn again only when that part changes. */
export function useDeckState<T extends string | number | boolean | null>(deck: Deck, pick: (state: DeckState) => T): T {
  return useSyncExternalStore(deck.watch, () => pick(deck.snapshot()));
}
