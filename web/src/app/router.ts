// Addresses of the page: every shot, version and frame has one that can be sent to a colleague.

import { useSyncExternalStore } from "react";

export type Place =
  | { screen: "shots" }
  | { screen: "queue" }
  | { screen: "editorial" }
  | { screen: "deliver" }
  | { screen: "continuity" }
  | { screen: "stage" }
  | { screen: "review"; shot: number; version: number | null; frame: number | null };

function whole(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

function read(): Place {
  const { pathname, search } = window.location;
  const query = new URLSearchParams(search);
  const review = /^\/shots\/(\d+)$/.exec(pathname);
  if (review) return { screen: "review", shot: Number(review[1]), version: whole(query.get("version")), frame: whole(query.get("frame")) };
  if (pathname === "/queue") return { screen: "queue" };
  if (pathname === "/editorial") return { screen: "editorial" };
  if (pathname === "/continuity") return { screen: "continuity" };
  if (pathname === "/stage") return { screen: "stage" };
  return pathname === "/deliver" ? { screen: "deliver" } : { screen: "shots" };
}

let current = read();
const watchers = new Set<() => void>();

function changed(): void {
  current = read();
  watchers.forEach((watcher) => watcher());
}
window.addEventListener("popstate", changed);

export function addressOf(place: Place): string {
  if (place.screen === "queue" || place.screen === "editorial" || place.screen === "deliver" || place.screen === "continuity" || place.screen === "stage") return `/${place.screen}`;
  if (place.screen === "shots") return "/";
  const query = new URLSearchParams();
  if (place.version !== null) query.set("version", String(place.version));
  if (place.frame !== null) query.set("frame", String(place.frame));
  const tail = query.toString();
  return `/shots/${place.shot}${tail ? `?${tail}` : ""}`;
}

export function go(place: Place, replace = false): void {
  const address = addressOf(place);
  if (address === window.location.pathname + window.location.search) return;
  window.history[replace ? "replaceState" : "pushState"](null, "", address);
  changed();
}

/** Note in the address what is shown, without telling anyone: used while stepping through frames. */
export function noteAddress(place: Place): void {
  window.history.replaceState(null, "", addressOf(place));
}

export function usePlace(): Place {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    () => current,
  );
}
