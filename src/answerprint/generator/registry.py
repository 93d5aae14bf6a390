"""Which picture operations there are, by the name people call them."""

from __future__ import annotations

from answerprint.graph.document import Registry


def operations() -> Registry:
    """All operations. Imported here, when first asked for, because they bring the heavy libraries."""
    from answerprint.generator.background import Background
    from answerprint.generator.coverage import Coverage
    from answerprint.generator.deflicker import Deflicker
    from answerprint.generator.denoise import Denoise
    from answerprint.generator.matte import PersonMatte
    from answerprint.generator.reframe import Reframe
    from answerprint.generator.regrain import Regrain
    from answerprint.generator.relight import Relight
    from answerprint.generator.relight_geometry import RelightGeometry
    from answerprint.generator.removal import Removal
    from answerprint.generator.retime import Retime
    from answerprint.generator.roto import Roto
    from answerprint.generator.wire_finder import WireFinder

    return {
        operation.name: operation
        for operation in (
            PersonMatte,
            Removal,
            Relight,
            RelightGeometry,
            Reframe,
            Denoise,
            Regrain,
            Deflicker,
            Background,
            Retime,
            Coverage,
            WireFinder,
            Roto,
        )
    }
