// What holds the delivery, and the word of a named person that lets it go.

import { useState } from "react";
import { api } from "../api/client";
import { useKnown } from "../api/live";
import { Icon } from "../design/icons";
import { Notice } from "../design/parts";
import "../continuity/continuity.css";

export function Held() {
  const { value, refresh } = useKnown(api.gates, "gates");
  const [why, setWhy] = useState("");
  const [problem, setProblem] = useState("");
  if (!value || value.faults.length === 0) return null;
  const held = value.faults.filter((fault) => !fault.overridden_by);
  const letGo = () => {
    api.override(why, held.map((fault) => fault.digest)).then(
      () => {
        setWhy("");
        setProblem("");
        refresh();
      },
      (refused: Error) => setProblem(refused.message),
    );
  };
  return (
    <section className="held" aria-label="What holds the delivery">
      <h2>{held.length ? "The delivery is held" : "Let go by name"}</h2>
      <ul>
        {value.faults.map((fault) => (
          <li key={fault.digest} className={fault.overridden_by ? "tone-quiet" : "tone-bad"}>
            <Icon name={fault.overridden_by ? "ring" : "bang"} size={13} />
            <span>
              <b>{fault.gate}</b> {fault.shot}: {fault.message}
              {fault.overridden_by && (
                <span className="faint">
                  {" "}
                  {fault.overridden_by}: {fault.why}
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {held.length > 0 && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            letGo();
          }}
        >
          <input className="input" aria-label="Why it may go all the same" placeholder="Why it may go all the same; kept in the ledger with your name" value={why} onChange={(event) => setWhy(event.target.value)} />
          <button type="submit" className="button" disabled={!why.trim()}>
            Override
          </button>
        </form>
      )}
    </section>
  );
}
