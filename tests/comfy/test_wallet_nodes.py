"""The nodes of image tokens on the real ComfyUI: what each way a run can end leaves in the wallet."""

import time
import uuid
from pathlib import Path

import pytest

from tagloom.wallet import Entry
from tagloom.wallet.ledger import Wallet

from .paid_graphs import USER, Graph, sampled, until

RELEASED = 10.0
"""Seconds after a run within which what it reserved is back."""
NOBODY = "nobody pays: TAGLOOM_USER is not set on the server"


def settled(wallet: Wallet) -> int:
    """Return the balance when nothing is reserved any more."""
    until(lambda: wallet.standing(USER).held == 0, RELEASED)
    return wallet.standing(USER).balance


def moved(wallet: Wallet) -> list[Entry]:
    """Return the ledger's entries that moved image tokens."""
    return [entry for entry in wallet.entries(USER) if entry.amount or entry.held]


def kinds(wallet: Wallet) -> list[str]:
    return [entry.kind for entry in moved(wallet)]


def test_a_run_pays_for_its_pictures(queue, wallet):
    ended = queue.run(sampled(batch=3))
    assert ended.texts == {"reserved": "3 image tokens reserved, 2 left", "paid": "3 image tokens paid, 2 left"}
    assert len(ended.saved) == 3
    assert settled(wallet) == 2
    assert kinds(wallet) == ["grant", "reserve", "commit"]


def test_a_wholly_cached_run_costs_nothing(queue, wallet):
    graph = sampled(batch=2)
    queue.run(graph)
    again = queue.run(graph)
    assert again.state == "success"
    assert settled(wallet) == 3


def test_another_seed_pays_though_the_reservation_is_cached(queue, wallet):
    """Reserve does not run again, nor does it make anything behind it run again."""
    graph = sampled(batch=2)
    queue.run(graph)
    ended = queue.run(graph.change("sampler", seed=2))
    assert ended.texts["paid"] == "2 image tokens paid, 1 left"
    assert settled(wallet) == 1
    assert [kind for kind in kinds(wallet) if kind != "grant"] == ["reserve", "commit", "reserve", "commit"]
    assert len({entry.job for entry in moved(wallet) if entry.kind == "commit"}) == 2
    assert queue.run(graph).state == "success"
    assert settled(wallet) == 1


def test_a_failure_gives_everything_back(queue, wallet):
    ended = queue.run(sampled(batch=2, how="fails"))
    assert ended.problem == "the sampler failed"
    assert settled(wallet) == 5
    assert kinds(wallet) == ["grant", "reserve", "release"]


def test_an_interrupt_gives_everything_back(queue, wallet):
    graph = sampled(batch=4, how="waits")
    prompt_id = queue.submit(graph)
    until(lambda: wallet.standing(USER).held == 4, 20)
    time.sleep(2.5)  # longer than between two looks at the queue
    assert wallet.standing(USER).held == 4
    queue.interrupt()
    assert queue.ended(graph, prompt_id).saved == []
    assert settled(wallet) == 5


def test_a_run_that_failed_pays_when_it_is_repeated(queue, wallet):
    graph = sampled(how="fails")
    queue.run(graph)
    assert settled(wallet) == 5
    assert queue.run(graph.change("sampler", how="works")).texts["paid"] == "1 image token paid, 4 left"
    assert settled(wallet) == 4


def test_too_few_image_tokens_end_the_run_before_the_sampler(queue, wallet):
    ended = queue.run(sampled(batch=6))
    assert ended.problem == "needs 6 image tokens, 5 left"
    assert "sampler" not in ended.executed
    assert settled(wallet) == 5
    assert kinds(wallet) == ["grant"]


def test_too_few_image_tokens_let_no_picture_through(queue, wallet):
    """The reservation is cached and the seed is not; what was sampled waits in the cache until it is paid."""
    graph = sampled(batch=3)
    queue.run(graph)
    ended = queue.run(graph.change("sampler", seed=2))
    assert ended.problem == "needs 3 image tokens, 2 left"
    assert ended.saved == []
    assert settled(wallet) == 2
    wallet.grant(USER, 1)
    assert len(queue.run(graph).saved) == 3
    assert settled(wallet) == 0


def test_each_graph_in_the_queue_pays_for_itself(queue, wallet):
    """One is interrupted, one is deleted before it begins, and one runs to its end."""
    graphs = [sampled(batch=2, how="waits"), sampled(batch=1), sampled(batch=1)]
    ids = [queue.submit(graph) for graph in graphs]
    until(lambda: wallet.standing(USER).held == 2, 20)
    queue.delete(ids[2])
    queue.interrupt()
    assert queue.ended(graphs[1], ids[1]).texts["paid"].startswith("1 image token paid")
    assert settled(wallet) == 4


def test_what_a_run_leaves_is_there_for_the_next_in_the_queue(queue, wallet):
    graphs = [sampled(batch=5, how="fails"), shown(sampled(batch=5))]
    ids = [queue.submit(graph) for graph in graphs]
    assert queue.ended(graphs[0], ids[0]).problem == "the sampler failed"
    texts = queue.ended(graphs[1], ids[1]).texts
    assert (texts["number"], texts["paid"]) == ("5", "5 image tokens paid, 0 left")
    assert settled(wallet) == 0


def test_several_of_the_nodes_in_one_graph_pay_for_themselves(queue, wallet):
    graph = sampled(batch=1)
    ended = queue.run(sampled(batch=2, graph=graph, mark="2"))
    assert ended.texts["paid"].startswith("1 image token paid")
    assert ended.texts["paid2"].startswith("2 image tokens paid")
    assert settled(wallet) == 2


def test_nodes_with_the_same_inputs_reserve_twice(queue, wallet):
    """ComfyUI takes other nodes with the same inputs for one; two samplers need two reservations before they begin."""
    graph = sampled(batch=3)
    ended = queue.run(sampled(batch=3, graph=graph, mark="2").change("sampler2", seed=2))
    assert ended.problem == "needs 3 image tokens, 2 left"
    assert not {"sampler", "sampler2"} <= ended.executed
    paid = {"settle", "settle2"} & ended.executed  # of the one that ComfyUI happened to take first
    assert settled(wallet) == 5 - 3 * len(paid)


def test_pictures_without_a_reservation_are_paid_from_the_balance(queue, wallet):
    graph = sampled(batch=2)
    graph.change("sampler", latent=[f"latent-{graph.mark}", 0])
    del graph[f"reserve-{graph.mark}"], graph[f"reserved-{graph.mark}"]
    assert queue.run(graph).texts == {"paid": "2 image tokens paid, 3 left"}
    assert settled(wallet) == 3


def listed(prompts: str, images: int) -> Graph:
    """Return a graph with a list of seeds, all sampled of one latent."""
    graph = sampled(batch=1)
    graph.put("prompts", "TagloomPromptMatrix", text=prompts, dialect="a1111", tag_aware=True, limit=16)
    length = graph.put("length", "StringLength", string=[f"prompts-{graph.mark}", 0])
    return graph.change("sampler", seed=length()).change("reserve", images=images)


def test_a_list_is_paid_whole(queue, wallet):
    ended = queue.run(listed("{a|ab|abc}", images=3))
    assert ended.texts == {"reserved": "3 image tokens reserved, 2 left", "paid": "3 image tokens paid, 2 left"}
    assert len(ended.saved) == 3
    assert settled(wallet) == 2


def test_a_list_is_paid_whole_or_not_at_all(queue, wallet):
    ended = queue.run(listed("{a|ab|abc|abcd|abcde|abcdef}", images=0))
    assert ended.problem == "needs 5 image tokens, 4 left"
    assert settled(wallet) == 5


def test_a_prompt_s_id_that_is_sent_again_pays_again(queue, wallet):
    graph, prompt_id = sampled(batch=1), str(uuid.uuid4())
    queue.run(graph, prompt_id)
    queue.forget(prompt_id)
    queue.run(sampled(batch=1), prompt_id)
    assert settled(wallet) == 3


def of_sdxl(graph: Graph) -> Graph:
    """Tell the nodes of image tokens that the family is SDXL."""
    loader = graph.put("loader", "CheckpointLoaderSimple", ckpt_name="tagloom-tiny.safetensors")
    family = graph.put("family", "TagloomFamilyProfile", model=loader(), family="sdxl")
    return graph.change("reserve", family=family()).change("settle", family=family())


@pytest.mark.parametrize(("graph", "price"), [(sampled(side=128), 3), (of_sdxl(sampled()), 2)], ids=["size", "family"])
def test_pictures_cost_what_the_plan_says(queue, wallet, graph, price):
    """Three image tokens above 10,000 pixels, and two of the family SDXL."""
    said = [f"{price} image tokens {what}, {5 - price} left" for what in ("reserved", "paid")]
    assert list(queue.run(graph).texts.values()) == said
    assert settled(wallet) == 5 - price


@pytest.mark.parametrize(("graph", "price"), [(sampled(side=128), 3), (of_sdxl(sampled()), 2)], ids=["size", "family"])
def test_a_report_has_the_price_that_is_paid(queue, wallet, graph, price):
    latent, family = (graph.inputs("reserve").get(name) for name in ("latent", "family"))
    graph.put("report", "TagloomTagReport", text="1girl", images=1, latent=latent)
    graph.put("told", "PreviewAny", source=[f"report-{graph.mark}", 0])
    texts = queue.run(graph.change("report", **({"family": family} if family else {}))).texts
    assert texts["told"].splitlines()[-1] == f"- image tokens: {price}, 5 left"
    assert settled(wallet) == 5 - price


VIDEO = {"width": 64, "height": 64, "batch_size": 1}


@pytest.mark.parametrize(("films", "paid"), [({}, 5), ({"film": True}, 1)], ids=["frames", "film"])
def test_a_video_is_paid_frame_by_frame_or_as_a_film(queue, wallet, films, paid):
    graph = sampled()
    video = graph.put("video", "EmptyHunyuanLatentVideo", **VIDEO, length=5)
    ended = queue.run(graph.change("reserve", latent=video(), **films).change("settle", **films))
    tokens = f"{paid} image token{'s' * (paid > 1)}"
    assert ended.texts == {"reserved": f"{tokens} reserved, {5 - paid} left", "paid": f"{tokens} paid, {5 - paid} left"}
    assert len(ended.saved) == 5
    assert settled(wallet) == 5 - paid
    assert kinds(wallet) == ["grant", "reserve", "commit"]


@pytest.mark.parametrize(
    ("made", "given", "tokens"),
    [
        ("EmptyLatentImage", {}, 1),
        ("EmptyHunyuanLatentVideo", {"length": 81, "batch_size": 2}, 162),
        ("EmptyMochiLatentVideo", {"length": 25}, 25),
        ("EmptyLTXVLatentVideo", {"length": 97}, 97),
        ("EmptyLTXVLatentVideo", {"length": 9, "width": 128, "height": 128}, 27),
    ],
)
def test_every_frame_to_come_is_reserved(queue, wallet, made, given, tokens):
    """The last one's frames are above 10,000 pixels."""
    wallet.grant(USER, 200)
    graph = Graph()
    reserve = graph.put("reserve", "TagloomReserveImageTokens", latent=graph.put("latent", made, **VIDEO | given)())
    graph.put("reserved", "PreviewAny", source=reserve(1))
    assert queue.run(graph).texts["reserved"].partition(" ")[0] == str(tokens)
    assert settled(wallet) == 205


def shown(graph: Graph) -> Graph:
    """Show the balance and a report, beside a sampler that has to be paid."""
    balance = graph.put("balance", "TagloomTokenBalance")
    text = graph.put("text", "StringConcatenate", string_a="1girl", string_b="smile", delimiter=", ")
    report = graph.put("report", "TagloomTagReport", text=text(), images=4)
    graph.put("stands", "PreviewAny", source=balance())
    graph.put("number", "PreviewAny", source=balance(1))
    graph.put("next", "PreviewAny", source=balance(2))
    graph.put("told", "PreviewAny", source=report())
    return graph


def test_balance_and_report_show_what_there_was_when_the_run_began(queue, wallet):
    graph = shown(sampled(batch=2))
    first = queue.run(graph).texts
    assert (first["stands"], first["number"], first["next"]) == ("ada (counted): 5 image tokens left", "5", "")
    assert first["told"].splitlines()[-1] == "- image tokens: 4, 5 left"
    second = queue.run(graph).texts
    assert (second["stands"], second["number"]) == ("ada (counted): 3 image tokens left", "3")
    assert second["told"].splitlines()[-1] == "- image tokens: 4, 3 left: 1 too few"
    assert settled(wallet) == 3


def test_without_a_user_nobody_pays_and_no_wallet_is_opened(queue, environment, tmp_path):
    missing = tmp_path / "missing.sqlite3"
    environment(TAGLOOM_WALLET=str(missing), TAGLOOM_USER="")
    ended = queue.run(shown(sampled(batch=2)))
    assert ended.texts | {"told": ""} == {
        **dict.fromkeys(("reserved", "paid", "stands"), NOBODY), "number": "-1", "next": "", "told": "",
    }  # fmt: skip
    assert ended.texts["told"].splitlines()[-1] == "- image tokens: 4"
    assert len(ended.saved) == 2
    assert not missing.exists()


@pytest.mark.parametrize(
    ("user", "there", "words"),
    [
        ("ada", False, "make one with: tagloom wallet create"),
        ("bob", True, "there is no user 'bob'"),
    ],
)
def test_a_wallet_that_can_t_be_used_ends_the_run_before_the_sampler(queue, environment, tmp_path, user, there, words):
    file: Path = tmp_path / "wallet.sqlite3"
    if there:
        Wallet.open(str(file), create=True).close()
    environment(TAGLOOM_USER=user, TAGLOOM_WALLET=str(file))
    ended = queue.run(sampled())
    assert words in ended.problem
    assert "sampler" not in ended.executed
