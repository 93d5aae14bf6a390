"""The grades of a delivery, as ASC CDL in the forms a receiver reads."""

from __future__ import annotations

from answerprint.colour import cdl
from answerprint.deliver.laid import Laid
from answerprint.production import BadInput


def write_grades(laid: Laid, suffixes: tuple[str, ...], title: str) -> None:
    """Write ``grades/TITLE.ccc`` and ``.cdl`` for all shots together, ``grades/NAME.cc`` for each; identifiers are the shots' names.

    A grade that came with the cut stays in the edit list alone: a list does not say which space its numbers act in.
    """
    graded = {s.name: s.shot.grade.model_copy(update={"id": s.name}) for s in laid.shots if s.shot.grade is not None}
    bare = [s.shot.name for s in laid.shots if s.shot.grade is None]
    if any(s.shot.grade is not None and s.shot.event.cdl is not None for s in laid.shots):
        laid.attention.append(
            "Two layers: grades/ holds ours (technical, in ACEScct), the edit list the grade that came with the cut (creative), which is left "
            "as it came. Ours goes beneath it."
        )
    if bare:
        laid.attention.append(f"No grade of ours for {', '.join(bare)}; a grade the cut brought stays in the edit list.")
    if not graded:
        return
    (laid.folder / "grades").mkdir(exist_ok=True)
    for suffix in suffixes:
        if suffix == ".cc":
            for name, grade in graded.items():
                cdl.write(laid.folder / "grades" / f"{name}.cc", grade)
                laid.grades.append(f"grades/{name}.cc")
        elif suffix in (".ccc", ".cdl"):
            cdl.write(laid.folder / "grades" / f"{title}{suffix}", list(graded.values()))
            laid.grades.append(f"grades/{title}{suffix}")
        else:
            raise BadInput(suffix, "is no form of a grade", "use .cc, .ccc or .cdl")
