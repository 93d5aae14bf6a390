// Ctrl+K: every command and every shot in one list.

import { useEffect, useMemo, useRef, useState } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import { Sheet, StatusChip } from "../design/parts";
import { Keys, useAllCommands } from "./commands";
import { go } from "./router";

interface Row {
  id: string;
  name: string;
  section: string;
  end: React.ReactNode;
  run: () => void;
}

/** Every word typed is found somewhere in the name. */
function fits(name: string, words: string[]): boolean {
  const low = name.toLowerCase();
  return words.every((word) => low.includes(word));
}

export function Palette({ onClose }: { onClose: () => void }) {
  const commands = useAllCommands();
  const { value: shots } = useKnown(api.shots, "shots");
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);

  const rows = useMemo<Row[]>(() => {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const actions = commands
      .filter((command) => !command.heldKey && command.id !== "palette")
      .map((command) => ({ ...command, end: command.keys[0] ? <Keys keys={command.keys[0]} /> : null }));
    const places = (shots ?? []).map((shot) => ({
      id: `shot-${shot.id}`,
      name: `Open ${shot.name}`,
      section: "Shots",
      end: <StatusChip status={shot.status} />,
      run: () => go({ screen: "review", shot: shot.id, version: null, frame: null }),
    }));
    return [...actions, ...places].filter((row) => fits(`${row.section} ${row.name}`, words));
  }, [commands, shots, typed]);

  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at, rows]);

  const run = (row: Row | undefined) => {
    if (!row) return;
    onClose();
    row.run();
  };
  const chosen = Math.min(at, rows.length - 1);

  return (
    <Sheet title="Find a command or a shot" onClose={onClose} bare width={600}>
      <input
        className="palette-input"
        autoFocus
        data-focus-first
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={rows[chosen] ? `palette-${rows[chosen].id}` : undefined}
        aria-label="Command or shot"
        placeholder="Command or shot"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt(Math.min(chosen + 1, rows.length - 1));
          else if (event.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
          else if (event.key === "Enter") run(rows[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <ul className="palette-list" id="palette-list" role="listbox" aria-label="Found" ref={list}>
        {rows.map((row, index) => (
          <li
            key={row.id}
            id={`palette-${row.id}`}
            role="option"
            aria-selected={index === chosen}
            onMouseMove={() => setAt(index)}
            onClick={() => run(row)}
          >
            <span className="palette-section">{row.section}</span>
            <span className="palette-name">{row.name}</span>
            {row.end}
          </li>
        ))}
        {rows.length === 0 && <li className="palette-none">Nothing is called that.</li>}
      </ul>
    </Sheet>
  );
}
