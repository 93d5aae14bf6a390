"""A delivery as a job: the package of a receiver, written below ``deliveries/`` in the production, where the page asks for one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from answerprint.deliver.manifest import TEXT_NAME, read_manifest
from answerprint.deliver.naming import parse_template
from answerprint.deliver.package import Naming
from answerprint.deliver.receivers.registry import RECEIVERS
from answerprint.jobs.queue import ChunkOrder, submit
from answerprint.jobs.work import WorkOrder
from answerprint.passes.delivered import deliver
from answerprint.passes.delivery import delivery_of
from answerprint.passes.delivery_settings import DeliverySettings
from answerprint.passes.gates import require_open
from answerprint.production.catalogue import Production
from answerprint.provenance.package import MANIFEST


def submit_delivery(production: Production, settings: DeliverySettings, requested_by: str) -> str:
    """Queue a package. Raises BadInput at once for a template no receiver takes or a production without a cut, Refused where a fault holds it."""
    parse_template(settings.template)
    require_open(production)
    shots = len(delivery_of(production).shots)
    title = f"package for {RECEIVERS[settings.receiver].title}"
    return submit(production, "deliver", title, settings.model_dump(), [ChunkOrder({}, weight=shots)], requested_by=requested_by)


def work_on_delivery(order: WorkOrder) -> dict[str, Any]:
    """Write the package, or the same receiver's again: names stay where pictures are the same, what others added is kept."""

    def tell(done: int, total: int, what: str) -> None:
        order.check_cancelled()
        order.report(done, total, what)

    settings = DeliverySettings.model_validate(order.job_order)
    with Production.open(order.production_dir) as production:
        naming = Naming(settings.template, settings.show, settings.episode, settings.vendor)
        place = production.path("deliveries") / settings.receiver
        return deliver(production, settings.receiver, place, tell, naming, settings.movie)


def packages(production: Production) -> list[dict[str, Any]]:
    """The packages that were written so: the receiver, where it lies, and what its manifest says."""
    found = []
    for name, receiver in RECEIVERS.items():
        folder = production.root / "deliveries" / name
        document = read_manifest(folder)
        if document and (folder / MANIFEST).is_file():
            found.append(
                {"receiver": name, "title": receiver.title, "path": str(folder), "manifest": document, "files": _files(folder)}
            )
    return found


def _files(folder: Path) -> list[str]:
    """What a person reads first."""
    return [name for name in (TEXT_NAME, "report/index.html") if (folder / name).is_file()]
