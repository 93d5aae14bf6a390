// The review screen's keys: NLE hands (J K L, I O, Space) and RV's brackets, each with a name in the palette.

import { useEffect, useRef } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import type { FrameRecord, ShotDetail } from "../api/types";
import { useCommands, type Command } from "../app/commands";
import { go } from "../app/router";
import type { Deck } from "./deck";

interface Wiring {
  deck: Deck;
  shot: ShotDetail;
  frames: FrameRecord[];
  noted: number[];
  hasB: boolean;
  hasMatte: boolean;
  hasSupport: boolean;
  onFit: () => void;
  onFull: () => void;
  onPanels: () => void;
  onDraw: () => void;
  onGraded: () => void;
  onFrameBox: () => void;
  onApprove: () => void;
  onReject: () => void;
  onNote: () => void;
}

/** Where the class changes, and where notes are: the places a reviewer goes to. */
function stops(frames: FrameRecord[], noted: number[]): number[] {
  const sorted = [...frames].sort((a, b) => a.frame - b.frame);
  const changes = sorted.filter((one, index) => {
    const before = sorted[index - 1];
    return before && (before.class !== one.class || before.refused !== one.refused);
  });
  return [...new Set([...changes.map((one) => one.frame), ...noted])].sort((a, b) => a - b);
}

export function useDeckCommands(wiring: Wiring): void {
  const { deck, shot, frames, noted, hasB, hasMatte, hasSupport } = wiring;
  const { value: shots } = useKnown(api.shots, "shots");
  const stopHeld = useHeld("k");

  const toStop = (direction: 1 | -1) => {
    const all = stops(frames, noted);
    const { frame } = deck.state;
    const next = direction > 0 ? all.find((one) => one > frame) : all.findLast((one) => one < frame);
    if (next !== undefined) deck.step(next - frame);
  };
  const toShot = (direction: 1 | -1) => {
    const at = (shots ?? []).findIndex((one) => one.id === shot.id);
    const next = at < 0 ? undefined : shots?.[at + direction];
    if (next) go({ screen: "review", shot: next.id, version: null, frame: null });
  };
  const withB = (run: () => void) => () => void (hasB && run());
  const gain = (by: number) => deck.view({ mode: "difference", gain: Math.min(64, Math.max(1, deck.state.gain * by)) });

  const playback: [string, string, string[], () => void][] = [
    ["play", "Play or stop", ["Space"], () => deck.toggle()],
    ["shuttle-back", "Play backwards; again is faster", ["j"], () => deck.shuttle(-1, stopHeld.current)],
    ["stop", "Stop; held with J or L plays slowly", ["k"], () => deck.stop()],
    ["shuttle-on", "Play; again is faster", ["l"], () => deck.shuttle(1, stopHeld.current)],
    ["back", "One frame back", ["ArrowLeft"], () => deck.step(-1)],
    ["on", "One frame on", ["ArrowRight"], () => deck.step(1)],
    ["back-ten", "Ten frames back", ["shift+ArrowLeft"], () => deck.step(-10)],
    ["on-ten", "Ten frames on", ["shift+ArrowRight"], () => deck.step(10)],
    ["first", "First frame", ["Home"], () => deck.step(deck.first - deck.state.frame)],
    ["last", "Last frame", ["End"], () => deck.step(deck.last - deck.state.frame)],
    ["stop-before", "Class change or note before", ["alt+ArrowLeft", "ArrowUp"], () => toStop(-1)],
    ["stop-after", "Class change or note after", ["alt+ArrowRight", "ArrowDown"], () => toStop(1)],
    ["go-frame", "Go to a frame", ["g"], wiring.onFrameBox],
    ["mark-in", "Mark in", ["i", "["], () => deck.mark("in")],
    ["mark-out", "Mark out", ["o", "]"], () => deck.mark("out")],
    ["clear-marks", "Clear in and out", ["\\"], () => deck.clearMarks()],
    ["real-time", "Real time or every frame", ["shift+a"], () => deck.view({ realTime: !deck.state.realTime })],
  ];
  const looks: [string, string, string[], () => void][] = [
    ["view-a", "Show A", ["1"], () => deck.view({ mode: "a" })],
    ["view-b", "Show B", ["2"], withB(() => deck.view({ mode: "b" }))],
    ["flip", "Flip between A and B", ["`"], withB(() => deck.view({ mode: deck.state.mode === "b" ? "a" : "b" }))],
    ["wipe", "Wipe", ["w"], withB(() => deck.view({ mode: deck.state.mode === "wipe" ? "b" : "wipe" }))],
    ["difference", "Difference", ["d"], withB(() => deck.view({ mode: deck.state.mode === "difference" ? "b" : "difference" }))],
    ["gain-up", "More gain on the difference", ["=", "+"], withB(() => gain(2))],
    ["gain-down", "Less gain on the difference", ["-"], withB(() => gain(0.5))],
    ["matte", "Matte over the picture", ["m"], () => hasMatte && deck.view({ matte: !deck.state.matte })],
    ["support", "Support over the picture", ["s"], () => hasSupport && deck.view({ support: !deck.state.support })],
    ["graded", "Graded viewing copy beside the plate", ["v"], wiring.onGraded],
    ["exact", "Exact frame instead of the proxy", ["x"], () => deck.view({ exact: !deck.state.exact })],
    ["fit", "Fit the picture", ["f"], wiring.onFit],
    ["full", "One pixel to one pixel", ["z"], wiring.onFull],
    ["panels", "Show or hide the side panels", ["h"], wiring.onPanels],
    ["draw", "Draw strokes on the plate", ["p"], wiring.onDraw],
  ];
  const word: [string, string, string[], () => void][] = [
    ["approve", "Approve", ["ctrl+Enter"], wiring.onApprove],
    ["reject", "Reject with a note", ["ctrl+shift+Enter"], wiring.onReject],
    ["note", "Note on this frame", ["n"], wiring.onNote],
    ["shot-before", "Shot before", ["PageUp"], () => toShot(-1)],
    ["shot-after", "Shot after", ["PageDown"], () => toShot(1)],
    ["leave", "Back to shots", ["Escape"], () => go({ screen: "shots" })],
  ];
  const named = (section: string) => ([id, name, keys, run]: [string, string, string[], () => void]): Command => ({ id, name, section, keys, run });
  useCommands([...playback.map(named("Playback")), ...looks.map(named("Picture")), ...word.map(named("Review"))]);
}

/** Whether a key is down at this moment. */
function useHeld(key: string): React.RefObject<boolean> {
  const held = useRef(false);
  useEffect(() => {
    const set = (event: KeyboardEvent) => event.key.toLowerCase() === key && (held.current = event.type === "keydown");
    const away = () => (held.current = false);
    window.addEventListener("keydown", set);
    window.addEventListener("keyup", set);
    window.addEventListener("blur", away);
    return () => {
      window.removeEventListener("keydown", set);
      window.removeEventListener("keyup", set);
      window.removeEventListener("blur", away);
    };
  }, [key]);
  return held;
}
