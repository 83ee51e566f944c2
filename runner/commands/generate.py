"""`tagloom generate`: pictures from a prompt and settings."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from ...prompt import family_ids
from .paying import account_of, add_paying, demanded, planned, tell_paid, tell_quote
from .prompt import add_dialect
from .results import add_results, path, saving_of
from .servers import add_servers, how_of, server_entries

if TYPE_CHECKING:
    from ..generate import Generation
    from ..output import Output
    from ..outputs.saving import Saving
    from ..paying.payers import Payer
    from ..request import Checked, Request


def add_generate(parser: argparse.ArgumentParser) -> None:
    """Add the arguments to the parser of `tagloom generate`."""
    parser.set_defaults(run=_generate)
    parser.add_argument("tags", metavar="TAGS", help="the prompt: tags with commas between them")
    prompt = parser.add_argument_group("prompt")
    prompt.add_argument("--negative", default="", metavar="TAGS", help="what must not be in the picture")
    prompt.add_argument("--no-enhance", action="store_true", help="add no quality tags and no negative presets")
    prompt.add_argument("--easy", action="store_true", help="TAGS is a plain description, made into tags here")
    add_dialect(prompt)
    model = parser.add_argument_group("model")
    model.add_argument("--checkpoint", metavar="NAME", help="the model's file; needed where there are several")
    model.add_argument("--family", default="auto", metavar="ID", help=f"auto, or one of {', '.join(family_ids())}")
    sampling = parser.add_argument_group("sampling")
    sampling.add_argument("--steps", type=int, metavar="N", help="generation steps; usual are 20 to 40")
    sampling.add_argument(
        "--cfg", type=float, metavar="SCALE", help="how closely to follow the prompt; usual are 3 to 10"
    )
    sampling.add_argument("--sampler", metavar="NAME", help='such as "Euler a" or "DPM++2M SDE Karras"')
    sampling.add_argument("--scheduler", metavar="NAME", help="overrides the one in the sampler's name")
    sampling.add_argument(
        "--clip-skip", type=int, metavar="N", help="CLIP layers to stop before the end, as A1111 counts"
    )
    sampling.add_argument(
        "--seed", type=int, metavar="N", help="the first picture's; each next one takes the next number"
    )
    picture = parser.add_argument_group("picture")
    picture.add_argument("--size", metavar="WxH", help="in pixels, such as 832x1216")
    picture.add_argument("--count", type=int, default=1, metavar="N", help="how many pictures (1)")
    picture.add_argument("--image", type=path, metavar="FILE", help="a base image to start from")
    picture.add_argument(
        "--denoise", type=float, metavar="SHARE", help="how much of the base image to change, 0 to 1 (0.6)"
    )
    parser.add_argument("--dry-run", action="store_true", help="check all of it and print the graph; nothing is made")
    add_paying(parser)
    add_results(parser)
    add_servers(parser)


def _generate(options: argparse.Namespace, output: Output) -> int:
    from ..paying.payers import payer_of
    from ..planning import prepare
    from ..request import check

    checked = check(_request(options))
    saving = saving_of(options)
    checked = prepare(checked)
    with payer_of(account_of(options)) as payer:
        return _made(checked, saving, payer, options, output)


def _made(checked: Checked, saving: Saving, payer: Payer | None, options: argparse.Namespace, output: Output) -> int:
    from .. import generate
    from ..reporting import follow

    generation = generate.begin(checked, server_entries(options), output.announce)
    plan = generation.plan
    for text in plan.warnings:
        output.warning(text)
    if options.dry_run:
        return _show(generation, output)
    tasks, targets = generate.pictures(generation), [generation.target]
    if options.quote:
        return tell_quote(tasks, targets, payer, output)
    payment = demanded(tasks, targets, payer)
    servers = [entry.name for entry in generation.servers]
    told = {"checkpoint": plan.checkpoint, "family": plan.family.id, "seed": plan.seed, "image_tokens": plan.cost}
    output.event("plan", jobs=checked.request.count, servers=servers, **{**told, **planned(payment)})
    events = generate.run(generation, saving, how_of(options, output), payment)
    report = follow(events, output, checked.request.count, options.preview)
    report.tally(**{"image_tokens": plan.cost, **tell_paid(payment, output)})
    return report.exit_code


def _show(generation: Generation, output: Output) -> int:
    """Print the first picture's graph, as it would be sent."""
    from ..generate import first_job

    job = first_job(generation)
    data = {"graph": job.graph, "workflow": job.workflow, "server": generation.target.client.url}
    output.result("graph", data, json.dumps(job.graph, ensure_ascii=False, indent=2))
    return 0


def _request(options: argparse.Namespace) -> Request:
    from ..request import Request

    return Request(
        positive=options.tags,
        negative=options.negative,
        family=options.family,
        enhance=not options.no_enhance,
        steps=options.steps,
        cfg=options.cfg,
        sampler=options.sampler,
        scheduler=options.scheduler,
        clip_skip=options.clip_skip,
        seed=options.seed,
        size=options.size,
        count=options.count,
        image=options.image,
        denoise=options.denoise,
        checkpoint=options.checkpoint,
        dialect=options.dialect,
        tag_aware=options.tag_aware,
        easy=options.easy,
    )
