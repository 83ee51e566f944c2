"""`--user`, `--wallet` and `--quote` at the command line and in Python, against a small ComfyUI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tagloom.runner import Client, Request, aio
from tagloom.runner.batch.journal import NAME
from tagloom.runner.cli import main
from tagloom.runner.errors import UsageError
from tagloom.runner.jobs.job import State
from tagloom.runner.paying import payers
from tagloom.wallet import InsufficientTokens, UnknownUser
from tagloom.wallet.ledger import Wallet

from .conftest import EVENTS
from .paid_runs import USER, Clock
from .plain_graph import plain
from .plain_workflow import OBJECT_INFO, plain_workflow

ALLOWANCE = 20
PLANS = """
- {id: free, name: Free, allowance: 20, prices: [{tokens: 1}, {tokens: 3, above_steps: 20}]}
"""


@pytest.fixture
def wallet(home, monkeypatch):
    """The usual wallet with a user of the plan `free`, at noon."""
    clock = Clock()
    monkeypatch.setattr(payers, "open_wallet", lambda url: Wallet.open(url, clock=clock))
    with Wallet.open(create=True, clock=clock) as wallet:
        wallet.create_user(USER)
        yield wallet


@pytest.fixture
def told(capsys, tmp_path, monkeypatch, fake_server):
    """Return a function that runs a command and gives its exit code and its events, each of them valid."""
    monkeypatch.chdir(tmp_path)
    fake_server.object_info = fake_server.object_info | OBJECT_INFO
    Path("w.json").write_text(plain_workflow())
    Path("graph.json").write_text(json.dumps(plain()))

    def run(*arguments: str) -> tuple[int, list[dict]]:
        code = main([*arguments, "--json"])
        printed = capsys.readouterr()
        assert printed.err == ""
        events = [json.loads(line) for line in printed.out.splitlines()]
        for event in events:
            EVENTS.validate(event)
        return code, events

    return run


def pictures() -> int:
    return len([path for path in Path().rglob("*.png") if not path.name.startswith("contact-sheet")])


def standing(wallet) -> tuple[int, int]:
    """Return the balance and what is reserved, of a ledger that does not contradict itself."""
    assert wallet.check() == []
    found = wallet.standing(USER)
    return found.balance, found.held


@pytest.mark.parametrize(
    ("twenty", "one"),
    [
        (("generate", "1girl", "--count", "20"), ("generate", "1girl")),
        (("run", "graph.json", "--seed", "1", "--count", "20"), ("run", "graph.json")),
        (("batch", "run", "--workflow", "w.json", "--grid", f"color={','.join(map(str, range(20)))}", "--out", "b"),
         ("batch", "run", "--workflow", "w.json", "--grid", "color=1", "--out", "c")),
    ],
    ids=["generate", "run", "batch"],
)  # fmt: skip
def test_a_free_user_makes_20_images_and_the_21st_is_refused(wallet, told, fake_server, twenty, one):
    code, events = told(*twenty, "--user", USER)
    plan, done = next(event for event in events if event["type"] == "plan"), events[-1]
    assert (code, plan["user"], plan["image_tokens"], done["user"]) == (0, USER, ALLOWANCE, USER)
    assert (done["image_tokens"], done["left"], pictures()) == (ALLOWANCE, 0, ALLOWANCE)
    assert standing(wallet) == (0, 0)
    code, events = told(*one, "--user", USER)
    assert (code, events[-1]["code"]) == (6, "image-tokens")
    assert events[-1]["message"] == "needs 1 image token, 0 left, next grant 2026-11-23 00:00 UTC"
    assert (len(fake_server.posted), pictures(), Path("c").exists()) == (ALLOWANCE, ALLOWANCE, False)


def test_what_a_run_would_cost_is_refused_before_anything_is_queued(wallet, told, fake_server):
    code, events = told("run", "w.json", "--set", "batch=21", "--user", USER)
    assert (code, events[-1]["message"]) == (6, "needs 21 image tokens, 20 left, next grant 2026-11-23 00:00 UTC")
    assert (fake_server.posted, standing(wallet)) == ([], (ALLOWANCE, 0))


@pytest.mark.parametrize(
    ("command", "images", "tokens"),
    [
        (("generate", "1girl", "--count", "3"), 3, 3),
        (("generate", "1girl", "--count", "3", "--steps", "21"), 3, 9),
        (("run", "w.json", "--set", "batch=4"), 4, 4),
        (("run", "Tags to Image", "--set", "steps=30"), 1, 3),
        (("batch", "run", "--grid", "positive=1girl,1boy", "steps=20,21", "--out", "b"), 4, 8),
        (("batch", "run", "--workflow", "w.json", "--grid", "batch=1,2,3", "--out", "b"), 6, 6),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_quote_tells_what_it_would_cost_and_makes_nothing(
    wallet, told, capsys, fake_server, tmp_path, monkeypatch, command, images, tokens
):
    (tmp_path / "plans.yaml").write_text(PLANS)
    monkeypatch.setenv("TAGLOOM_PLANS", str(tmp_path / "plans.yaml"))
    code, (event,) = told(*command, "--quote")
    assert (code, event["images"], event["image_tokens"], event["at_least"]) == (0, images, tokens, False)
    assert "balance" not in event
    code, (event,) = told(*command, "--quote", "--user", USER)
    assert (event["image_tokens"], event["balance"], event["left"], event["suffices"]) == (
        tokens,
        ALLOWANCE,
        ALLOWANCE - tokens,
        True,
    )
    assert event["next_grant"] == "2026-11-23T00:00:00+00:00"
    assert main([*command, "--quote", "--user", USER]) == 0
    first, user, left = capsys.readouterr().out.splitlines()
    assert first == f"{images} image{'s' * (images != 1)}, {tokens} image tokens"
    assert user.startswith(f"{USER} (free): 20 image tokens left")
    assert left == f"{ALLOWANCE - tokens} left after it"
    assert (fake_server.posted, Path("b").exists(), Path("output").exists()) == ([], False, False)
    assert standing(wallet) == (ALLOWANCE, 0)


def test_a_quote_says_when_the_balance_does_not_suffice(wallet, told, capsys):
    code, (event,) = told("generate", "1girl", "--count", "21", "--quote", "--user", USER)
    assert (code, event["left"], event["suffices"]) == (0, -1, False)
    assert main(["generate", "1girl", "--count", "21", "--quote", "--user", USER]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "not enough: needs 21 image tokens, 20 left, next grant 2026-11-23 00:00 UTC"


def test_what_is_paid_and_left_is_told_in_words(wallet, told, capsys):
    assert main(["generate", "1girl", "--user", USER]) == 0
    assert "tagloom: 1 image token paid; anna (free): 19 image tokens left; 20 on 2026-11-23" in capsys.readouterr().err


def test_of_a_run_that_runs_out_of_image_tokens_the_rest_is_refused_one_by_one(wallet, told, fake_server):
    """Somebody else spends what is left while the first picture is made."""
    paint = fake_server.behave

    def behave(run):
        balance = wallet.standing(USER).balance
        if balance:
            wallet.adjust(USER, -balance)
        paint(run)

    fake_server.behave = behave
    code, events = told("generate", "1girl", "--count", "4", "--user", USER)
    failed = [event for event in events if event.get("state") == "failed"]
    assert code == 3
    assert {event["code"] for event in failed} == {"image-tokens"}
    assert events[-1]["image_tokens"] == events[-1]["done"] == pictures() == 4 - len(failed) > 0
    assert standing(wallet) == (0, 0)


@pytest.mark.parametrize("command", ["generate 1girl", "run w.json", "batch run --prompts p.txt --out b"])
@pytest.mark.parametrize(
    ("options", "exit_code", "code", "says"),
    [
        (("--user", "bob"), 2, "wallet-user", "bob"),
        (("--wallet", "x"), 2, "usage", "add --user"),
        (("--wallet", ""), 2, "usage", "--wallet: is empty"),
        (("--user", USER, "--wallet", ""), 2, "usage", "--wallet: is empty"),
        (("--user", USER, "--wallet", "nowhere.sqlite3"), 1, "wallet-storage", "tagloom wallet create"),
    ],
    ids=["unknown user", "no user", "empty, no user", "empty", "no wallet"],
)
def test_what_is_wrong_with_who_pays_is_said_before_anything_else(
    wallet, told, fake_server, command, options, exit_code, code, says
):
    Path("p.txt").write_text("1girl")
    found, events = told(*command.split(), *options)
    assert (found, events[-1]["code"]) == (exit_code, code)
    assert says in events[-1]["message"]
    assert (fake_server.posted, fake_server.asked) == ([], [])


@pytest.fixture
def begun(wallet, told, fake_server):
    """A batch of two, paid by the user, whose second job failed; its first one cost an image token."""
    paint = fake_server.behave
    fake_server.behave = lambda run: run.fail() if fake_server.graphs else paint(run)
    code, _ = told("batch", "run", "--workflow", "w.json", "--grid", "color=1,2", "--out", "b", "--user", USER)
    fake_server.behave = paint
    assert (code, standing(wallet)) == (3, (ALLOWANCE - 1, 0))


@pytest.mark.parametrize("options", [(), ("--user", USER)], ids=["", "the same user"])
def test_a_batch_goes_on_at_the_cost_of_the_same_user(begun, wallet, told, options):
    code, events = told("batch", "resume", "b", "--failed", *options)
    assert (code, events[-1]["image_tokens"], events[-1]["left"]) == (0, 2, ALLOWANCE - 2)
    assert (pictures(), standing(wallet)) == (2, (ALLOWANCE - 2, 0))
    assert {found.run for found in wallet.reservations(USER)} == {wallet.reservations(USER)[0].run}


def test_a_batch_goes_on_from_the_same_wallet(begun, wallet, told, monkeypatch, tmp_path):
    with Wallet.open("other.sqlite3", create=True, clock=Clock()) as other:
        other.create_user(USER)
        monkeypatch.setenv("TAGLOOM_WALLET", str(tmp_path / "other.sqlite3"))
        code, events = told("batch", "resume", "b", "--failed")
        assert (code, events[-1]["code"]) == (2, "usage")
        assert events[-1]["message"] == f"anna pays from {wallet.url}; name it with --wallet, or TAGLOOM_WALLET"
        code, events = told("batch", "resume", "b", "--failed", "--wallet", "other.sqlite3")
        assert (code, events[-1]["code"], wallet.url in events[-1]["message"]) == (2, "usage", True)
        code, _ = told("batch", "resume", "b", "--failed", "--wallet", wallet.url)
        assert (code, other.standing(USER).balance) == (0, ALLOWANCE)
    assert standing(wallet) == (ALLOWANCE - 2, 0)


@pytest.mark.parametrize("again", ["sqlite:///rel.db", "rel.db", "ABSOLUTE", None])
def test_a_wallet_that_was_named_from_the_working_folder_is_the_same_by_another_name(told, tmp_path, again):
    batch = ("batch", "run", "--prompts", "p.txt", "--out", "b", "--wallet", "sqlite:///rel.db")
    Path("p.txt").write_text("1girl")
    with Wallet.open("rel.db", create=True) as wallet:
        wallet.create_user(USER)
        assert told(*batch, "--user", USER)[0] == 0
        named = ("--wallet", again.replace("ABSOLUTE", str(tmp_path / "rel.db"))) if again else ()
        code, events = told("batch", "resume", "b", *named)
        assert (code, events[-1]["image_tokens"]) == (0, 1)
        assert standing(wallet) == (ALLOWANCE - 1, 0)


def test_nobody_else_pays_for_a_batch_that_goes_on(begun, wallet, told):
    wallet.create_user("bob")
    code, events = told("batch", "resume", "b", "--failed", "--user", "bob")
    assert (code, events[-1]["message"]) == (2, "anna pays for this batch, not bob; leave --user out")


def test_a_batch_that_nobody_paid_for_is_paid_by_nobody_later(wallet, told):
    assert told("batch", "run", "--workflow", "w.json", "--grid", "color=1", "--out", "b")[0] == 0
    code, events = told("batch", "resume", "b", "--user", USER)
    said = "nobody pays for this batch, and nobody can begin to; leave --user and --wallet out"
    assert (code, events[-1]["message"]) == (2, said)


def test_the_journal_holds_no_password(begun, wallet):
    assert wallet.url.encode() in (Path("b") / NAME).read_bytes()


def test_a_client_pays_for_its_user(wallet, fake_server, tmp_path):
    client = Client(fake_server.url, out=tmp_path / "out", user=USER)
    quote = client.quote(Request("1girl"), count=3)
    assert (quote.images, quote.tokens, quote.standing.balance) == (3, 3, ALLOWANCE)
    jobs = client.run(Request("1girl"), count=3)
    assert [job.state for job in jobs] == [State.DONE] * 3
    assert standing(wallet) == (ALLOWANCE - 3, 0)
    with pytest.raises(InsufficientTokens, match=r"^needs 18 image tokens, 17 left"):
        client.run(Request("1girl"), count=18)
    assert len(fake_server.posted) == 3


def test_a_stream_that_is_left_keeps_nothing_reserved(wallet, fake_server, tmp_path):
    fake_server.behave = lambda run: (run.begin(), fake_server.pause(30))
    events = Client(fake_server.url, out=tmp_path, user=USER).stream(Request("1girl"), count=2)
    while not fake_server.running:
        next(events)
    assert wallet.standing(USER).held > 0
    events.close()
    assert standing(wallet) == (ALLOWANCE, 0)


def test_asyncio_has_quotes_too(wallet, fake_server, tmp_path):
    import asyncio

    client = aio.Client(fake_server.url, out=tmp_path, user=USER)
    assert asyncio.run(client.quote(Request("1girl", count=2))).tokens == 2


@pytest.mark.parametrize(
    ("options", "error"),
    [({"wallet": "x"}, UsageError), ({"user": USER, "wallet": ""}, UsageError), ({"user": "bob"}, UnknownUser)],
    ids=["no user", "empty", "unknown"],
)
def test_a_client_without_a_known_user_does_nothing(wallet, fake_server, tmp_path, options, error):
    with pytest.raises(error):
        Client(fake_server.url, out=tmp_path, **options).run(Request("1girl"))
    assert fake_server.posted == []


def test_without_a_user_nothing_of_the_wallet_is_loaded():
    """Neither by commands that run something, nor by a quote."""
    code = """
import sys
from tagloom.runner import Client, Request
from tagloom.runner.cli import main
main(["generate", "1girl", "--server", "http://127.0.0.1:9"])
main(["generate", "1girl", "--quote", "--server", "http://127.0.0.1:9"])
Client("http://127.0.0.1:9")
assert "tagloom.runner.paying.till" in sys.modules
assert not {"sqlalchemy", "alembic", "tagloom.wallet.ledger"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
