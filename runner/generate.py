"""Turns a request into pictures: fills a shipped workflow in, runs it, and saves what comes back."""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from ..prompt import Family, Size, WildcardFolders, chosen, convert
from ..prompt.pictures import Settings
from ..prompt.pictures.files import with_texts
from ..prompt.pictures.writing import a1111_settings, parameters_text
from ..wallet import image_tokens
from .core.graph import Values
from .core.loras import with_files
from .errors import JobFailed
from .graph.workflows import NODE_PREFIX, Workflow, shipped
from .jobs.session import Finished, Job, JobStream, Progress, new_id
from .places import wildcard_folders
from .prompts import look_up_wildcards, prompts_of
from .request import AUTO, SEEDS, Checked, range_warnings
from .saving import save
from .targets import FOLDER, Target

TEXT_TO_IMAGE = "Tags to Image"
IMAGE_TO_IMAGE = "Base Image to Image"
LORAS = "loras"


@dataclass(frozen=True)
class Plan:
    """A request made out in full: which model, which family, which workflow, and what the user should know."""

    checked: Checked
    checkpoint: str
    family: Family
    workflow: Workflow
    has_pack: bool
    seed: int
    warnings: tuple[str, ...]
    variant: str = ""
    model_hash: str = ""
    loras: Callable[[], tuple[str, ...]] = tuple
    wildcards: WildcardFolders = field(default_factory=lambda: WildcardFolders(wildcard_folders()))

    @property
    def cost(self) -> int:
        """The image tokens that its pictures are worth."""
        return image_tokens(self.checked.request.count)


@dataclass(frozen=True)
class Picture:
    """A saved picture: where it lies, its seed and its size."""

    path: Path
    seed: int
    size: Size


def prepare(checked: Checked) -> Checked:
    """Return a checked request with a seed, chosen here if it has none, after its pictures' wildcards were looked up.

    No server is needed: what is wrong with a prompt is said before one is started.

    Raises:
        PromptError: if a wildcard is unknown or its file can't be read.
    """
    request = checked.request
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    seeds = ((seed + number) % SEEDS for number in range(request.count))
    look_up_wildcards(request, seeds, WildcardFolders(wildcard_folders()))
    return replace(checked, request=replace(request, seed=seed))


def plan(checked: Checked, target: Target) -> Plan:
    """Make a checked request out in full for a server; nothing is queued or uploaded yet."""
    request = checked.request
    checkpoint = target.choose_checkpoint(request.checkpoint)
    found = target.detect(checkpoint) if request.family == AUTO else chosen(request.family)
    family = found.profile()
    document = shipped(IMAGE_TO_IMAGE if request.image else TEXT_TO_IMAGE)
    schemas = cache(target.client.schema)
    workflow = Workflow(document, schemas)
    has_pack = all(schemas(name) for name in workflow.classes if name.startswith(NODE_PREFIX))
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    warnings = tuple(range_warnings(checked, family))
    loras = cache(lambda: tuple(target.client.model_names(LORAS)))
    model_hash = target.model_hash(checkpoint)
    return Plan(checked, checkpoint, family, workflow, has_pack, seed, warnings, found.variant, model_hash, loras)


def run(plan: Plan, target: Target, out: Path) -> Iterator[Progress | Picture]:
    """Generate and save the pictures of a plan, yielding progress and each picture as it is saved.

    Raises:
        JobFailed: if the server refuses or fails a job; the pictures saved before stay.
        SaveError: if a picture can't be written.
    """
    image = plan.checked.request.image
    run_id = new_id()
    uploaded = target.client.upload(image, f"{FOLDER}/{run_id}") if image else None
    tasks = []
    try:
        _fill(plan, uploaded)
        tasks = [_task(plan, number, uploaded) for number in range(plan.checked.request.count)]
        by_id = {task.job.id: task for task in tasks}
        with JobStream(target.client) as stream:
            for event in stream.run([task.job for task in tasks]):
                yield _collect(by_id[event.job.id], event, target, out) if isinstance(event, Finished) else event
    finally:
        target.forget([run_id, *(task.job.id for task in tasks)])


@dataclass(frozen=True)
class _Task:
    """One picture to make: its job, its seed, and what its `parameters` text says."""

    job: Job
    seed: int
    size: Size
    parameters: str


def _fill(plan: Plan, uploaded: str | None) -> None:
    """Write the request into the workflow, as a user would in the editor; what is None keeps the family's value."""
    request, sampling, size = plan.checked.request, plan.checked.sampling, plan.checked.size
    values = {
        "checkpoint": plan.checkpoint,
        "family": plan.family.id,
        "dialect": request.dialect,
        "tag_aware": request.tag_aware,
        "enhance": request.enhance,
        "steps": request.steps,
        "cfg": request.cfg,
        "sampler": sampling and sampling.sampler,
        "scheduler": sampling and sampling.scheduler,
        "clip_layer": request.clip_skip and plan.family.stop_layer(request.clip_skip),
        "width": size and size.width,
        "height": size and size.height,
        "image": uploaded,
        "denoise": request.denoise,
    }
    given = {name: value for name, value in values.items() if value is not None}
    for name, value in (_variant_settings(plan) | given).items():
        plan.workflow.set(name, value)


def _variant_settings(plan: Plan) -> dict[str, Any]:
    """Return the settings of a faster kind of the family: the node that is told the family's id knows no variant."""
    if not plan.variant:
        return {}
    sampler, scheduler, steps, cfg, _ = plan.family.settings()
    return {"sampler": sampler, "scheduler": scheduler, "steps": steps, "cfg": cfg}


def _task(plan: Plan, number: int, uploaded: str | None) -> _Task:
    seed = (plan.seed + number) % SEEDS
    plan.workflow.set("seed", seed)
    prompts = prompts_of(plan.checked.request, plan.family, seed, plan.wildcards)
    plan.workflow.set("positive", prompts.positive)
    plan.workflow.set("negative", prompts.negative)
    graph = plan.workflow.api()
    job_id = new_id()
    for node_id, name in plan.workflow.targets("prefix"):  # in the graph alone: a user who opens the picture wants
        graph[str(node_id)]["inputs"][name] = f"{FOLDER}/{job_id}"  # the workflow's own prefix
    base = plan.checked.image_size
    sizes = {uploaded: base} if uploaded and base else {}
    values = Values(graph, sizes)
    sent = graph if plan.has_pack else with_files(values.to_core(), plan.loras)
    job = Job(sent, copy.deepcopy(plan.workflow.document), job_id)

    def final(name: str) -> Any:
        node_id, place = plan.workflow.final(name)
        return values.final(str(node_id), place)

    size = Size(final("width"), final("height"))
    request = plan.checked.request
    encoded = [final(name) for name in ("encoded", "encoded_negative")]
    positive, negative = (convert(text, request.dialect, "a1111", request.tag_aware).text for text in encoded)
    return _Task(job, seed, size, parameters_text(positive, negative, _settings(plan, final)))


def _settings(plan: Plan, final: Callable[[str], Any]) -> dict[str, Any]:
    """Return the settings of a picture under A1111's names."""
    others = {"model": plan.model_hash} if plan.model_hash else {}
    return a1111_settings(
        Settings(
            steps=final("steps"),
            sampler=final("sampler"),
            scheduler=final("scheduler"),
            cfg=final("cfg"),
            seed=final("seed"),
            size=Size(final("width"), final("height")),
            model=Path(plan.checkpoint).stem,
            model_hash=plan.model_hash,
            denoise=final("denoise") if plan.checked.request.image else None,
            clip_skip=-final("clip_layer") if plan.family.clip_skip else None,
        ),
        others=others,
    )


def _collect(task: _Task, finished: Finished, target: Target, out: Path) -> Picture:
    files = [file for output in finished.outputs.values() for file in output.get("images", [])]
    if len(files) != 1:
        raise JobFailed(f"{target.client.url} made {len(files)} pictures where one was asked for; look into its log")
    texts = {
        "prompt": json.dumps(finished.job.graph),
        "workflow": json.dumps(finished.job.workflow),
        "parameters": task.parameters,
    }
    try:
        png = with_texts(target.client.view(files[0]), texts)
    except ValueError as error:
        raise JobFailed(f"{target.client.url} gave no whole picture ({error})") from error
    path = save(out, task.seed, png)
    target.forget([task.job.id])
    return Picture(path, task.seed, task.size)
