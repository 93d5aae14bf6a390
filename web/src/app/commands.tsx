// Every action has a name, a shortcut and a place in one searchable list.

import { createContext, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from "react";

export interface Command {
  id: string;
  name: string;
  section: string;
  /** Combinations such as "k", "shift+ArrowLeft", "ctrl+Enter". The first is shown. */
  keys: string[];
  run: () => void;
  /** Shown in the overlay of shortcuts but run by the screen itself, such as keys that are held. */
  heldKey?: boolean;
}

type Registry = Map<symbol, Command[]>;

interface Commands {
  registry: React.RefObject<Registry>;
  changed: () => void;
  version: number;
}

const CommandContext = createContext<Commands | null>(null);

function combination(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = /^[a-z]$/.test(key);
  // For marks such as "?" the shift key is part of the mark itself, not of the combination.
  const shift = event.shiftKey && (letter || event.key.length > 1);
  return `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.altKey ? "alt+" : ""}${shift ? "shift+" : ""}${key === " " ? "Space" : key}`;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches("textarea, select, input:not([type=checkbox], [type=range], [type=button])") || target.isContentEditable;
}

/** Space and Enter belong to the control that has the focus. */
function belongsToControl(event: KeyboardEvent): boolean {
  if (!(event.target instanceof HTMLElement)) return false;
  if (event.key === "Enter" || event.key === " ") return event.target.matches("button, a, summary, input, [role=option], [role=gridcell]");
  return event.key.startsWith("Arrow") && event.target.matches("input[type=range], [role=radio], [role=option], [role=gridcell]");
}

export function CommandProvider({ children }: { children: ReactNode }) {
  const registry = useRef<Registry>(new Map());
  const [version, setVersion] = useState(0);
  const value = useMemo(() => ({ registry, changed: () => setVersion((old) => old + 1), version }), [version]);

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const wanted = combination(event);
      const modified = event.ctrlKey || event.metaKey;
      if (isTyping(event.target) && !modified) return;
      if (!modified && belongsToControl(event)) return;
      // An open dialog owns the keyboard; its own keys are handled inside it.
      if (document.querySelector("dialog[open]")) return;
      const all = [...registry.current.values()].reverse().flat();
      const found = all.find((command) => !command.heldKey && command.keys.includes(wanted));
      if (!found) return;
      event.preventDefault();
      found.run();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  return <CommandContext.Provider value={value}>{children}</CommandContext.Provider>;
}

function useRegistry(): Commands {
  const commands = useContext(CommandContext);
  if (!commands) throw new Error("commands are used outside their provider");
  return commands;
}

/** Offer commands while the caller is on screen. The list may change at each drawing; the newest is run. */
export function useCommands(commands: Command[]): void {
  const { registry, changed } = useRegistry();
  const mine = useRef(Symbol("commands"));
  const names = commands.map((command) => command.id).join();
  const newest = useRef(commands);
  newest.current = commands;
  useEffect(() => {
    const own = mine.current;
    const known = registry.current;
    known.set(own, newest.current);
    changed();
    return () => {
      known.delete(own);
      changed();
    };
  }, [names, registry, changed]);
  useLayoutEffect(() => {
    if (registry.current.has(mine.current)) registry.current.set(mine.current, commands);
  });
}

export function useAllCommands(): Command[] {
  const { registry, version } = useRegistry();
  return useMemo(() => [...registry.current.values()].flat(), [registry, version]);
}

const SHOWN: Record<string, string> = {
  ctrl: "Ctrl", shift: "Shift", alt: "Alt", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc",
};

export function Keys({ keys }: { keys: string }) {
  const parts = keys === "+" ? ["+"] : keys.split("+");
  return (
    <span className="keys">
      {parts.map((part) => (
        <kbd key={part}>{SHOWN[part] ?? (part.length === 1 ? part.toUpperCase() : part)}</kbd>
      ))}
    </span>
  );
}
