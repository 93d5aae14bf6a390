// "?": what every key does on this screen.

import { Sheet } from "../design/parts";
import { Keys, useAllCommands, type Command } from "./commands";

export function Shortcuts({ onClose }: { onClose: () => void }) {
  const sections = new Map<string, Command[]>();
  for (const command of useAllCommands()) {
    if (command.keys.length) sections.set(command.section, [...(sections.get(command.section) ?? []), command]);
  }
  return (
    <Sheet title="Shortcuts" onClose={onClose} width={1180}>
      <div className="sheet-body shortcut-columns">
        {[...sections].map(([section, commands]) => (
          <section key={section}>
            <h3>{section}</h3>
            <dl>
              {commands.map((command) => (
                <div key={command.id}>
                  <dt>{command.name}</dt>
                  <dd>
                    {command.keys.slice(0, 2).map((keys) => (
                      <Keys key={keys} keys={keys} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Sheet>
  );
}
