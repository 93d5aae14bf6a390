"""The command that takes cards in while everyone sleeps: watch."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answerprint.cli.answer import Answer, as_json
from answerprint.cli.command import Command
from answerprint.cli.production import person, run_jobs
from answerprint.cli.progress import Reporter

if TYPE_CHECKING:
    from answerprint.ingest.cards import Card
    from answerprint.production.catalogue import Production


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the production")
    parser.add_argument("--card", required=True, metavar="PATH", help="where cards are mounted or copied to")
    parser.add_argument("--once", action="store_true", help="take in what is complete now, write the report, and end")
    parser.add_argument("--copy", action="store_true", help="copy each card into the production, each copy verified by its hash")
    parser.add_argument(
        "--settle", type=_seconds, default=10.0, metavar="S", help="seconds without a change before a card is touched"
    )
    parser.add_argument("--every", type=_seconds, default=15.0, metavar="S", help="seconds between two looks")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return value


def _watch(options: argparse.Namespace) -> Answer:
    from answerprint.ingest.cards import cards_in
    from answerprint.passes.dailies import take_in
    from answerprint.production.catalogue import Production

    reporter = Reporter(options.quiet)
    place = Path(options.card).absolute()
    tried: set[str] = set()
    night: dict[str, dict[str, Any]] = {}
    with Production.open(options.dir) as production:
        folder = production.root / "reports"
        while True:
            cards = cards_in(place, options.settle)
            ready = [card for card in cards if card.state == "ready" and card.signature not in tried and not _done(folder, card)]
            for card in ready:
                tried.add(card.signature)
                report = take_in(
                    production, card, lambda p, jobs: run_jobs(p, jobs, reporter), person(), options.copy, reporter.step
                )
                reporter.finish()
                night[card.name] = report.document()
                _keep(folder / "cards" / f"{card.name}-{card.signature[:8]}", report.document(), report.lines())
                for line in report.lines():
                    reporter.say(line)
            waiting = {card.name: card.why for card in cards if card.state == "copying"}
            answer = _morning(folder, production, night, waiting, write=bool(ready) or options.once)
            if options.once:
                return answer
            try:
                time.sleep(max(1.0, options.every))
            except KeyboardInterrupt:
                return answer


def _done(folder: Path, card: Card) -> bool:
    """Whether this very card was taken in before without a failure."""
    place = folder / "cards" / f"{card.name}-{card.signature[:8]}.json"
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(kept, dict) and kept.get("signature") == card.signature and not kept.get("failures")


def _morning(
    folder: Path, production: Production, night: dict[str, dict[str, Any]], waiting: dict[str, str], write: bool
) -> Answer:
    """What happened, failures first: printed, and kept as text and JSON."""
    failed = {name: report["failures"] for name, report in night.items() if report["failures"]}
    good = [name for name in night if name not in failed]
    document = {
        "production": production.name,
        "cards": list(night.values()),
        "failed": failed,
        "waiting": waiting,
        "clips": sum(len(report["clips"]) for report in night.values()),
    }
    lines = [
        f"{production.name}: {len(good)} {'card' if len(good) == 1 else 'cards'} done, {len(failed)} failed, {len(waiting)} waiting"
    ]
    lines += [f"FAILED   {name}: {line}" for name, faults in failed.items() for line in faults]
    lines += [f"waiting  {name}: {why}" for name, why in waiting.items()]
    lines += [
        f"done     {name}: {len(night[name]['clips'])} clips, {len(night[name]['attention'])} things to look at" for name in good
    ]
    if write:
        _keep(folder / f"morning-{time.strftime('%Y-%m-%d')}", document, lines)
        lines.append(f"reports in {folder}")
    return Answer(document, lines, exit_code=3 if failed else 0)


def _keep(place: Path, document: dict[str, Any], lines: Iterable[str]) -> None:
    from answerprint.production.atomic import write_atomically

    write_atomically(place.with_name(place.name + ".json"), as_json(document) + "\n")
    write_atomically(place.with_name(place.name + ".txt"), "\n".join(lines) + "\n")


COMMANDS = (
    Command(
        "watch",
        "take in each complete, verified card unattended",
        _arguments,
        _watch,
        "Takes in each card that is complete and agrees with its hash list: ingest, sound sync, grade, proxies, and a report of each.",
    ),
)
