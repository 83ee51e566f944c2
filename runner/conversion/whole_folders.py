"""A diffusers folder becomes a single file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...prompt.families.clues import tells_v
from ..errors import ConversionError
from .architectures import (
    PARTS,
    SD15,
    TEXT,
    TEXT_2,
    UNET,
    VAE,
    Architecture,
    Build,
    architecture_of_folder,
    builds_of,
    prove_components,
    prove_known,
)
from .autoencoder import new_name
from .configs import class_name, part_config, scheduler_config
from .differences import differences
from .folders import Weights, components, read_json, read_weights
from .links import Side, prove, some
from .markers import Facts, V, facts_of_file, facts_of_folder, is_marker, markers
from .moving import to_single
from .result import Conversion, Planned
from .single_files import FORMAT, KEPT, POSITION_IDS
from .tensor_files import Tensors, read_tensors
from .writing import Written

EXPRESSED = {*PARTS, "scheduler", "tokenizer", "tokenizer_2"}
"""The components that a single file has, or that its loaders have themselves."""


NOISE = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "trained_betas")
"""The scheduler's settings that the model was trained with; the others are the sampler's."""


def plan_file(source: Path, destination: Path) -> Planned:
    """Plan the single file that a folder becomes.

    Raises:
        ConversionError: if the folder is damaged or of another architecture.
    """
    there = components(source)
    prove_components(there)
    weights = {part: _weights(source, part) for part in PARTS if part in there}
    architecture = architecture_of_folder(there, _shapes(weights[VAE].tensors))
    builds = builds_of(architecture, {part: _shapes(weights[part].tensors) for part in architecture.parts}, Side.FOLDER)
    configs = {part: read_json(source / part / "config.json") for part in architecture.parts}
    scheduler = read_json(source / "scheduler" / "scheduler_config.json")
    facts = facts_of_folder(scheduler, configs[VAE], architecture)
    tensors, left_out = _tensors(architecture, builds, weights)
    left_out += [f"{name:.100}: a single file has no place for it" for name in there if name not in EXPRESSED]
    left_out += [remark for found in weights.values() for remark in found.remarks]
    left_out += _config_remarks(architecture, builds, facts, configs) + _scheduler_remarks(
        architecture, facts, scheduler
    )
    tensors, metadata = _with_kept(source, architecture, facts, tensors)
    if metadata is None:
        metadata, clashes = _merged(weights)
        left_out += clashes
    metadata, contradicting = _without_contradiction(metadata, facts)
    left_out += contradicting
    conversion = Conversion(architecture.id, source, destination, len(tensors), tuple(left_out), metadata)
    return Planned(conversion, Written({destination.name: (tensors, metadata)}))


def _weights(folder: Path, part: str) -> Weights:
    weights = read_weights(folder, part)
    if part != VAE:
        return weights
    renamed = {new_name(name): tensor for name, tensor in weights.tensors.items()}
    if len(renamed) < len(weights.tensors):
        raise ConversionError(f"{part}: it has the old and the new names of an attention's tensors")
    return weights._replace(tensors=renamed)


def _shapes(tensors: Tensors) -> dict[str, tuple[int, ...]]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def _tensors(
    architecture: Architecture, builds: Mapping[str, Build], weights: Mapping[str, Weights]
) -> tuple[Tensors, list[str]]:
    """Return all parts' tensors by their names in the single file, and what is left out."""
    tensors: Tensors = {}
    left_out: list[str] = []
    for part, build in builds.items():
        found, links, prefix = weights[part].tensors, list(build.links()), architecture.prefixes[part]
        try:
            rest = sorted(found.keys() - prove(links, _shapes(found), Side.FOLDER))
            prove_known(part, rest)
            moved = to_single(links, found)
        except ConversionError as error:
            raise ConversionError(f"{part}: {error}") from error
        if POSITION_IDS in rest and architecture.is_plain(part):
            rest.remove(POSITION_IDS)
            moved[POSITION_IDS] = found[POSITION_IDS]
        tensors |= {prefix + name: tensor for name, tensor in moved.items()}
        if rest:
            left_out.append(f"{part}'s {some(rest)}: a single file has no place for that")
    return tensors, left_out


def _with_kept(
    folder: Path, architecture: Architecture, facts: Facts, made: Tensors
) -> tuple[Tensors, dict[str, str] | None]:
    """Add what an earlier conversion kept, and what the configs say, which counts more; and the metadata or None."""
    marks = markers(facts, architecture)
    if not (folder / KEPT).is_file():
        return made | marks, None
    try:
        kept, metadata = read_tensors(folder / KEPT)
    except ConversionError as error:
        raise ConversionError(f"{KEPT}: {error}") from error
    clash = sorted(made.keys() & kept.keys())
    if clash:
        raise ConversionError(f"{KEPT} holds {clash[0]:.100}, which the parts hold themselves; take it out of there")
    if tells_v(metadata):
        marks.pop(V, None)  # the file had the metadata's word alone, or its tensor is kept
    if facts_of_file(marks | kept, metadata, architecture) != facts:
        kept = {name: tensor for name, tensor in kept.items() if not is_marker(name, architecture)}
    return made | marks | kept, metadata


def _config_remarks(
    architecture: Architecture, builds: dict[str, Build], facts: Facts, configs: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Return what the parts' configs say that a single file's loaders will not know."""
    remarks = []
    for part in builds:
        given = configs[part].get("_class_name", class_name(architecture, part))
        if given != class_name(architecture, part):
            raise ConversionError(f"{part} is a {given!r:.60}; {class_name(architecture, part)} is supported")
        remarks += differences(part, configs[part], part_config(architecture, part, builds, facts))
    return remarks


def _scheduler_remarks(architecture: Architecture, facts: Facts, scheduler: Mapping[str, Any]) -> list[str]:
    """Return what the scheduler says that a single file's loaders will not know."""
    usual = {name: value for name, value in scheduler_config(architecture, facts).items() if name in NOISE}
    remarks = differences("scheduler", {name: scheduler[name] for name in NOISE if name in scheduler}, usual)
    if architecture is SD15 and (facts.v_prediction or facts.zero_snr):
        remarks.append(
            "scheduler's v_prediction or zero-terminal SNR: ComfyUI reads the tensors that say so in SDXL files only; "
            "put Model Sampling Discrete behind its loader"
        )
    return remarks


def _without_contradiction(metadata: Mapping[str, str], facts: Facts) -> tuple[dict[str, str], list[str]]:
    """Return the metadata without a word for v-prediction that the scheduler denies, which counts more."""
    if facts.v_prediction or not tells_v(metadata):
        return dict(metadata), []
    denied = [name for name, value in metadata.items() if tells_v({name: value})]
    kept = {name: value for name, value in metadata.items() if name not in denied}
    return kept, [f"metadata {some(denied)}: the scheduler's prediction_type is epsilon"]


def _merged(weights: Mapping[str, Weights]) -> tuple[dict[str, str], list[str]]:
    """Return the parts' metadata as one; where they contradict one another, the first part's counts."""
    merged: dict[str, str] = {}
    remarks = []
    for part in (UNET, VAE, TEXT, TEXT_2):
        said = weights[part].metadata if part in weights else {}
        clashes = [key for key, value in said.items() if merged.setdefault(key, value) != value]
        if clashes:
            remarks.append(f"{part}'s metadata {some(clashes)}: another part says something else")
    return merged or dict(FORMAT), remarks
