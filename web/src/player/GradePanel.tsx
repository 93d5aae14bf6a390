// The technical grade of the shot's clip: what it does and why, how it stands to the reference still, and putting back the one before.

import { useState } from "react";
import { api } from "../api/client";
import type { ShotDetail } from "../api/types";
import { useCommands } from "../app/commands";

export function GradePanel({ shot, onChanged }: { shot: ShotDetail; onChanged: () => void }) {
  const [problem, setProblem] = useState("");
  const { grade } = shot;
  const revert = () => {
    if (grade)
      api.revertGrade(shot.id).then(
        () => {
          setProblem("");
          onChanged();
        },
        (refused: Error) => setProblem(refused.message),
      );
  };
  useCommands([{ id: "revert-grade", name: "Put back the grade before this one", section: "Grade", keys: ["shift+z"], run: revert }]);
  if (!grade) return null;
  return (
    <div className="grade-panel">
      <h2>Grade</h2>
      <p>
        {grade.is_hero ? "Hero: the others are matched to it" : (grade.why ?? "as shot")}
        {grade.held ? `. Put back by ${grade.reverted_by}: left alone until it is graded anew` : ""}
      </p>
      {grade.cdl && grade.delta_e_after !== null && (
        <p className="faint figures">
          ΔE00 {grade.delta_e_before?.toFixed(1)} to {grade.delta_e_after?.toFixed(1)}, confidence {grade.confidence?.toFixed(2)}
        </p>
      )}
      {grade.intent?.flag && (
        <p className="tone-bad" role="alert">
          {grade.intent.flag}
        </p>
      )}
      {grade.intent && !grade.intent.flag && <p className="faint">{grade.intent.why}</p>}
      {problem && <p className="tone-bad">{problem}</p>}
      {(grade.cdl || grade.before > 0) && (
        <button type="button" className="button" onClick={revert} title="Put back the grade before this one (Shift+Z)">
          {grade.held ? "Bring it back" : grade.before > 0 ? "Revert grade" : "Revert to as shot"}
        </button>
      )}
    </div>
  );
}
