"""The policy decides, says why, and says who could decide otherwise."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from answerprint.production import BadInput, Refused
from answerprint.rights.consent import ConsentRecord
from answerprint.rights.permissions import default_grants
from answerprint.rights.policy import ConnectRequest, Decision, Policy, SignOff, UseRequest, WorkRequest, decide, policy_of

WORK = "a" * 64
CONSENT = ConsentRecord(performer="Mara Lind", classes=("D", "R"), scenes=("12",), agreed=date(2026, 1, 1))


def ask(letter: str, policy: Policy | None = None, **changes: Any) -> Decision:
    fields: dict[str, Any] = {
        "operation": "removal",
        "performance_class": letter,
        "scene": "12",
        "performers": ("Mara Lind",),
        "subject": WORK,
        "requested_by": "ann",
        "on": date(2026, 4, 1),
    }
    return decide(policy or Policy(), WorkRequest(**{**fields, **changes}))


def test_a_production_without_a_policy_has_the_default_one(tmp_path: Path) -> None:
    assert policy_of(tmp_path) == Policy() and policy_of(tmp_path).digest == Policy().digest


def test_a_policy_is_read_from_the_production_and_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps({"document": "policy", "class_d": "refused", "hosts": ["farm.studio"]}))
    assert policy_of(tmp_path).class_d == "refused" and policy_of(tmp_path).digest != Policy().digest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"class_e": "free"}', "class_e"),
        ('{"class_d": "free"}', "class_d"),
        ("[]", "JSON object"),
        ('{"class_r": "free"}', "class_r"),
        ("{", "not a policy"),
        ('{"name": "a", "name": "b"}', "twice"),
    ],
)
def test_a_rule_that_is_misspelt_or_too_lax_is_refused_with_its_name(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "policy.json").write_text(text)
    with pytest.raises(BadInput, match=words):
        policy_of(tmp_path)


def test_classes_a_b_and_c_are_free() -> None:
    assert all(ask(letter).allowed for letter in "ABC")


def test_class_r_needs_an_approval_of_exactly_this_work() -> None:
    assert not ask("R").allowed and "reviewer" in ask("R").who_can_allow
    assert not ask("R", approvals=(SignOff(who="ben", subject="b" * 64),)).allowed
    assert ask("R", approvals=(SignOff(who="ben", subject=WORK),)).allowed


def test_class_d_needs_consent_of_everyone_touched_and_a_sign_off() -> None:
    sign = (SignOff(who="ben", subject=WORK),)
    assert "no consent record" in ask("D", sign_offs=sign).reason
    assert "no sign-off" in ask("D", consents=(CONSENT,)).reason
    assert "Jon Beck" in ask("D", performers=("Mara Lind", "Jon Beck"), consents=(CONSENT,), sign_offs=sign).reason
    assert "whose pixels" in ask("D", performers=(), consents=(CONSENT,), sign_offs=sign).reason
    assert ask("D", consents=(CONSENT,), sign_offs=sign).allowed


def test_nobody_signs_off_their_own_request_and_only_who_is_named() -> None:
    assert not ask("D", consents=(CONSENT,), sign_offs=(SignOff(who="ann", subject=WORK),)).allowed
    named = Policy(sign_off_by=("carla",))
    assert not ask("D", named, consents=(CONSENT,), sign_offs=(SignOff(who="ben", subject=WORK),)).allowed
    assert ask("D", named, consents=(CONSENT,), sign_offs=(SignOff(who="carla", subject=WORK),)).allowed
    assert not ask("D", consents=(CONSENT,), sign_offs=(SignOff(who="ben", subject=""),), subject="").allowed


def test_a_stricter_policy_refuses_what_the_default_allows() -> None:
    sign = (SignOff(who="ben", subject=WORK),)
    assert not ask("D", Policy(class_d="refused"), consents=(CONSENT,), sign_offs=sign).allowed
    assert not ask("R", Policy(class_r="consent"), approvals=sign).allowed
    assert ask("R", Policy(class_r="consent"), approvals=sign, consents=(CONSENT,)).allowed
    assert not ask("B", Policy(class_b="consent"), approvals=sign, consents=(CONSENT,)).allowed


def test_no_host_may_be_connected_to_unless_the_studio_names_it() -> None:
    assert not decide(Policy(), ConnectRequest(host="example.com")).allowed
    assert decide(Policy(hosts=("Farm.Studio",)), ConnectRequest(host="farm.studio.")).allowed
    assert not decide(Policy(hosts=("farm.studio",)), ConnectRequest(host="evil.farm.studio")).allowed
    assert decide(Policy(), ConnectRequest(host="localhost")).allowed


def test_the_use_of_an_asset_follows_its_grants_and_a_refusal_is_one_clear_line() -> None:
    request = UseRequest(asset="script.fountain", purpose="train", grants=default_grants("script"))
    answer = decide(Policy(), request)
    assert not answer.allowed and answer.rule == "permission to train"
    with pytest.raises(Refused, match=r"script\.fountain: refused: .*default for script"):
        answer.require("script.fountain")
    assert not decide(Policy(), UseRequest(asset="a", purpose="train", grants=())).allowed
