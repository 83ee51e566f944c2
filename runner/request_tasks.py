"""Pictures that are asked for by prompt and settings, as tasks: a shipped workflow, filled in for the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..prompt import Size, WildcardFolders, convert
from ..prompt.pictures import Settings
from ..prompt.pictures.writing import a1111_settings, parameters_text
from ..wallet import Picture
from .core.graph import Values
from .core.loras import with_files
from .embedded.installations import Installation
from .fleet.tasks import Model, Needs, Prepared
from .graph.workflows import Workflow
from .jobs.job import Job
from .paying.expected import Expected
from .places import wildcard_folders
from .planning import Plan, plan
from .prompts import prompts_of
from .request import SEEDS, Checked, Request, check
from .server.client import Client
from .targets import FOLDER, Target

Final = Callable[[str], Any]
ANY = "1girl"
"""A prompt that stands for all others where no prompt matters."""
MOST_KEPT = 64
"""Kinds of pictures of which everything stays known."""


@dataclass(frozen=True)
class RequestTask:
    """One picture of a request, whose seed is the picture's own.

    Attributes:
        key: what tells it from the run's other tasks.
        request: what is asked for; its count is not heeded.
        installations: by address, those of the servers whose files can be read here.
    """

    key: str
    request: Request
    installations: Mapping[str, Installation] = field(default_factory=dict)

    @property
    def needs(self) -> Needs:
        """The checkpoint, if one is named; Tagloom's nodes are not needed."""
        name = self.request.checkpoint
        return Needs(models=(Model("checkpoints", name, is_loose=True),) if name else (), group=name or "")

    def prepare(self, client: Client, job_id: str) -> Prepared:
        """Fill the shipped workflow in for a server, and upload the base image.

        Raises:
            RunnerError: if the server can't do it.
            PromptError: for what is wrong with the prompt, the family or the sampler.
        """
        return self._made(client, job_id, lambda image, folder: client.upload(image, folder))

    def foreseen(self, client: Client, job_id: str) -> Prepared:
        """Return what `prepare` would, and upload nothing: the base image has the name that is asked for."""
        return self._made(client, job_id, lambda image, folder: f"{folder}/{image.name}")

    def expected(self, target: Target) -> Expected:
        """Return that it makes one picture, and which; its prompt and its seed change nothing about that.

        Raises:
            RunnerError: as `prepare`.
            PromptError: likewise.
        """
        return Expected(1, _picture(replace(self.request, positive=ANY, negative="", seed=0, easy=False), target))

    def _made(self, client: Client, job_id: str, upload: Callable[[Path, str], str]) -> Prepared:
        planned = plan(check(self.request), Target(client, self.installations.get(client.url)))
        image = self.request.image
        return _prepared(planned, job_id, upload(image, f"{FOLDER}/{job_id}") if image else None)


def tasks(checked: Checked, installations: Mapping[str, Installation]) -> Iterator[RequestTask]:
    """Yield a request's pictures, each with its own seed; the request must have one."""
    first = checked.request.seed or 0
    for number in range(checked.request.count):
        request = replace(checked.request, seed=(first + number) % SEEDS, count=1)
        yield RequestTask(str(number + 1), request, installations)


@lru_cache(maxsize=MOST_KEPT)
def _picture(request: Request, target: Target) -> Picture:
    task = RequestTask("", request, {target.client.url: target.installation} if target.installation else {})
    known = task.foreseen(target.client, FOLDER).values
    return Picture(known["width"], known["height"], known["steps"], known["family"])


def _prepared(planned: Plan, job_id: str, uploaded: str | None) -> Prepared:
    workflow = _filled(planned, uploaded)
    graph = workflow.api()
    for node_id, name in workflow.targets("prefix"):  # in the graph alone: a user who opens the picture wants
        graph[str(node_id)]["inputs"][name] = f"{FOLDER}/{job_id}"  # the workflow's own prefix
    base = planned.checked.image_size
    values = Values(graph, {uploaded: base} if uploaded and base else {})
    sent = graph if planned.has_pack else with_files(values.to_core(), planned.loras)

    def final(name: str) -> Any:
        node_id, place = workflow.final(name)
        return values.final(str(node_id), place)

    encoded = [final(name) for name in ("encoded", "encoded_negative")]
    request = planned.checked.request
    positive, negative = (convert(text, request.dialect, "a1111", request.tag_aware).text for text in encoded)
    settings = _settings(planned, final)
    told = {
        "seed": planned.seed,
        "positive": positive,
        "negative": negative,
        "checkpoint": planned.checkpoint,
        "family": planned.family.id,
        **{name: final(name) for name in ("width", "height", "steps", "cfg", "sampler", "scheduler")},
    }
    parameters = parameters_text(positive, negative, a1111_settings(settings, others=_hashes(planned)))
    return Prepared(Job(sent, workflow.document, job_id), told, parameters)


def _filled(planned: Plan, uploaded: str | None) -> Workflow:
    """Write the request into the workflow, as a user would in the editor; what is None keeps the family's value."""
    request, sampling, size = planned.checked.request, planned.checked.sampling, planned.checked.size
    prompts = prompts_of(request, planned.family, planned.seed, WildcardFolders(wildcard_folders()))
    values = {
        "checkpoint": planned.checkpoint,
        "family": planned.family.id,
        "dialect": request.dialect,
        "tag_aware": request.tag_aware,
        "enhance": request.enhance,
        "steps": request.steps,
        "cfg": request.cfg,
        "sampler": sampling and sampling.sampler,
        "scheduler": sampling and sampling.scheduler,
        "clip_layer": request.clip_skip and planned.family.stop_layer(request.clip_skip),
        "width": size and size.width,
        "height": size and size.height,
        "image": uploaded,
        "denoise": request.denoise,
        "seed": planned.seed,
        "positive": prompts.positive,
        "negative": prompts.negative,
    }
    workflow = Workflow(planned.document, planned.schemas)
    given = {name: value for name, value in values.items() if value is not None}
    for name, value in (_variant_settings(planned) | given).items():
        workflow.set(name, value)
    return workflow


def _variant_settings(planned: Plan) -> dict[str, Any]:
    """Return the settings of a faster kind of the family: the node that is told the family's id knows no variant."""
    if not planned.variant:
        return {}
    sampler, scheduler, steps, cfg, _ = planned.family.settings()
    return {"sampler": sampler, "scheduler": scheduler, "steps": steps, "cfg": cfg}


def _settings(planned: Plan, final: Final) -> Settings:
    """Return the settings of a picture, for A1111's text."""
    return Settings(
        steps=final("steps"),
        sampler=final("sampler"),
        scheduler=final("scheduler"),
        cfg=final("cfg"),
        seed=final("seed"),
        size=Size(final("width"), final("height")),
        model=Path(planned.checkpoint).stem,
        model_hash=planned.model_hash,
        denoise=final("denoise") if planned.checked.request.image else None,
        clip_skip=-final("clip_layer") if planned.family.clip_skip else None,
    )


def _hashes(planned: Plan) -> dict[str, str]:
    return {"model": planned.model_hash} if planned.model_hash else {}
