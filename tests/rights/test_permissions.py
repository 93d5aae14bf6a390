"""Nothing is used for a purpose that nobody allowed."""

from __future__ import annotations

import pytest

from answerprint.production import BadInput, Refused
from answerprint.rights.permissions import PURPOSES, RightsLine, allowed_purposes, default_grants, grants_for, require


@pytest.mark.parametrize("kind", ["script", "lookbook", "still", "notes"])
def test_what_others_wrote_or_drew_is_found_and_read_and_never_trains(kind: str) -> None:
    assert allowed_purposes(default_grants(kind)) == ("index", "retrieve")


def test_footage_serves_every_purpose_and_the_unknown_only_to_be_found() -> None:
    assert allowed_purposes(default_grants("camera")) == tuple(sorted(PURPOSES))
    assert allowed_purposes(default_grants("unknown")) == allowed_purposes(default_grants("never heard of")) == ("index",)


def test_every_purpose_is_answered_for_every_kind() -> None:
    assert all(tuple(grant.purpose for grant in default_grants(kind)) == PURPOSES for kind in ("camera", "script", "x"))


def test_a_line_that_names_the_asset_outranks_its_kind_and_a_denial_outranks_a_grant() -> None:
    kind = RightsLine(kind="camera", deny=("train",), why="talent agreement")
    named = RightsLine(asset="A001.mov", allow=("train",), why="cleared")
    denied = RightsLine(asset="A001.mov", deny=("deliver",))
    granted = RightsLine(asset="A001.mov", allow=("deliver",))
    for sheet in ([kind, named, denied, granted], [granted, denied, named, kind]):
        assert set(allowed_purposes(grants_for("card/A001.mov", "camera", sheet))) == {
            "index",
            "retrieve",
            "train",
            "generate_from",
        }
        assert "train" not in allowed_purposes(grants_for("card/A002.mov", "camera", sheet))
        assert "train" not in allowed_purposes(grants_for("card/BA001.mov", "camera", sheet))


def test_a_line_that_names_nothing_changes_nothing() -> None:
    assert grants_for("a", "script", [RightsLine(allow=PURPOSES)]) == default_grants("script")


def test_a_use_that_is_not_allowed_is_refused_by_name_with_its_reason() -> None:
    sheet = [RightsLine(asset="reference.mov", deny=("retrieve",), why="kept for evaluation")]
    with pytest.raises(Refused, match=r"reference\.mov: refused: it may not be used to retrieve \(kept for evaluation\)"):
        require("reference.mov", grants_for("reference.mov", "camera", sheet), "retrieve")
    require("reference.mov", grants_for("reference.mov", "camera", sheet), "index")


def test_no_record_means_no() -> None:
    for nothing in ((), {}, {"train": False}):
        with pytest.raises(Refused, match="generate from"):
            require("a.mov", nothing, "generate_from")
    with pytest.raises(BadInput, match="purpose"):
        require("a.mov", {"sell": True}, "sell")  # type: ignore[arg-type]
