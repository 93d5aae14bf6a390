"""The form of a delivery. It stands apart so that the page can draw it without what writes packages."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from answerprint.deliver.naming import DEFAULT_TEMPLATE

ReceiverName = Literal[
    "generic", "resolve", "avid", "premiere", "baselight", "nuke", "flame", "after-effects", "netflix-vfx", "archive"
]


class DeliverySettings(BaseModel):
    """What a person chooses for a package."""

    model_config = ConfigDict(extra="forbid")

    receiver: ReceiverName = Field(default="resolve", description="who gets it")
    show: str = Field(default="", max_length=60, description="In place of {show}; the production's name where it is empty")
    episode: str = Field(default="", max_length=20, description="In place of {episode}; left out where it is empty")
    vendor: str = Field(default="AP", max_length=20, description="In place of {vendor}")
    template: str = Field(default=DEFAULT_TEMPLATE, max_length=200, description="how the shots are named")
    movie: bool = Field(default=True, description="a reference movie of the whole cut; about a second for each HD frame")
