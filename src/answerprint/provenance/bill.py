"""The bill of materials for models: what each learned model is, what it was trained on, and every frame it touched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from answerprint.provenance.rows import Digest, FrameRow, ModelUse


class ModelCard(BaseModel):
    """What must be known of a model before it may be used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: str = ""
    digest: Digest = Field(description="SHA-256 of the weights file")
    kind: Literal["analysis", "pixels"] = Field(description="analysis: says where or what it is called, never what it looks like")
    purpose: str
    licence: str
    training_data: str = Field(description="what it was trained on; for a production model the root of the locked dataset")
    supplier: str = ""
    ancestors: tuple[Digest, ...] = ()


class BilledModel(BaseModel):
    """One model of a bill, with the frames it had a part in: output path -> frames, in order."""

    card: ModelCard
    frames: dict[str, list[int]]
    count: int


class ModelBill(BaseModel):
    """All models of a piece of work. ``unknown`` lists models that rows name and no card describes: a fault."""

    models: list[BilledModel]
    unknown: list[ModelUse] = Field(default_factory=list)
    makes_pixels: list[str] = Field(default_factory=list, description="names of the models that made pixels")


def bill_of_models(rows: Iterable[FrameRow], cards: Iterable[ModelCard]) -> ModelBill:
    """Join frame rows with model cards by digest; the same rows give the same bill in whatever order they come.

    A card that says *analysis* while a row says *pixels* (or the reverse) does not describe what the row used
    and leaves the model ``unknown``.
    """
    known: dict[tuple[str, str], ModelCard] = {(card.digest, card.kind): card for card in cards}
    touched: dict[tuple[str, str], set[tuple[str, int]]] = {}
    uses: dict[tuple[str, str], ModelUse] = {}
    for row in rows:
        for model in row.models:
            key: tuple[str, str] = (model.digest, model.kind)
            uses[key] = model
            touched.setdefault(key, set()).add((_clip(row), row.frame))
    models, unknown = [], []
    for used in sorted(touched, key=lambda each: (uses[each].name, each)):
        if used not in known:
            unknown.append(uses[used])
            continue
        frames: dict[str, list[int]] = {}
        for clip, frame in sorted(touched[used]):
            frames.setdefault(clip, []).append(frame)
        models.append(BilledModel(card=known[used], frames=frames, count=len(touched[used])))
    return ModelBill(
        models=models, unknown=unknown, makes_pixels=[model.card.name for model in models if model.card.kind == "pixels"]
    )


def spans(frames: Iterable[int]) -> str:
    """Frame numbers as people write them.

    >>> spans([1, 2, 3, 7])
    '1-3, 7'
    """
    parts: list[tuple[int, int]] = []
    for frame in sorted(set(frames)):
        if parts and frame == parts[-1][1] + 1:
            parts[-1] = (parts[-1][0], frame)
        else:
            parts.append((frame, frame))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def cyclonedx(bill: ModelBill) -> dict[str, Any]:
    """The bill as a CycloneDX 1.6 document, for the tools that read those."""
    components = [
        {
            "type": "machine-learning-model",
            "name": model.card.name,
            "version": model.card.version or "unknown",
            "bom-ref": model.card.digest,
            "hashes": [{"alg": "SHA-256", "content": model.card.digest}],
            "licenses": [{"license": {"name": model.card.licence}}],
            "description": model.card.purpose,
            "modelCard": {"considerations": {"useCases": [model.card.purpose]}},
            "properties": [
                {"name": "answerprint:kind", "value": model.card.kind},
                {"name": "answerprint:training_data", "value": model.card.training_data},
                *({"name": f"answerprint:frames:{clip}", "value": spans(frames)} for clip, frames in model.frames.items()),
            ],
        }
        for model in bill.models
    ]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}


def _clip(row: FrameRow) -> str:
    """What a row's frame belongs to, for people: its output folder, or the file where there is none."""
    return row.output.rpartition("/")[0] or row.output
