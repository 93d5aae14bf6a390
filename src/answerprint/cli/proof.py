"""Commands on packages and proof: deliver, qc, audit, verify."""

from __future__ import annotations

import argparse

from answerprint.cli.answer import Answer
from answerprint.cli.command import Command


def _deliver_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production")
    parser.add_argument("--to", required=True, metavar="RECEIVER", help="who receives it: resolve, avid, nuke ...")
    parser.add_argument("--out", required=True, metavar="DIR", help="a new or empty folder for the package")


def _deliver(options: argparse.Namespace) -> Answer:
    raise NotImplementedError("deliver")


def _qc_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a movie, a frame folder or a package")
    parser.add_argument("--fps", metavar="R", help="frames per second, where the material does not say")


def _qc(options: argparse.Namespace) -> Answer:
    raise NotImplementedError("qc")


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="FRAME|PACKAGE", help="a delivered frame, or a whole package")


def _audit(options: argparse.Namespace) -> Answer:
    raise NotImplementedError("audit")


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a package, a result folder, a ledger or a production")
    parser.add_argument("--trust", metavar="T", help="a signer's fingerprint, or a file that holds it")


def _verify(options: argparse.Namespace) -> Answer:
    raise NotImplementedError("verify")


COMMANDS = (
    Command("deliver", "a delivery package", _deliver_arguments, _deliver),
    Command("qc", "delivery checks", _qc_arguments, _qc),
    Command("audit", "a frame's history", _audit_arguments, _audit),
    Command("verify", "offline verification; names the first altered thing", _verify_arguments, _verify),
)
