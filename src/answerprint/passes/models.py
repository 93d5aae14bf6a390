"""The analysis-only models this house consults, as the bill of models lists them."""

from __future__ import annotations

from answerprint.perception import pose
from answerprint.perception.models import ModelCard as PackagedCard
from answerprint.provenance.bill import ModelCard


def model_cards() -> list[ModelCard]:
    """A card for every packaged network an operation may consult. None of them makes a pixel."""
    return [_card(card) for card in (pose.DETECTOR, pose.LANDMARKS)]


def _card(card: PackagedCard) -> ModelCard:
    return ModelCard(
        name=card.name,
        digest=card.sha256,
        kind="analysis",
        purpose=card.says,
        licence=card.licence,
        training_data=card.training_data,
        supplier=card.origin,
    )
