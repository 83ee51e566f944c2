"""`tagloom wallet ...` on SQLite: what it prints as text, JSON and CSV, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tagloom.runner.cli import main
from tagloom.wallet.ledger import Wallet

NEXT = r"20\d\d-\d\d-\d\d 00:00 UTC"
"""When a plan of the specification grants again."""
NOBODY = "postgresql://ada:secret@127.0.0.1:9/wallet"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    """Run in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def do(capsys) -> Callable[..., str]:
    """Return a function that runs a wallet command, which must succeed, and gives what it prints."""

    def run(*arguments: str) -> str:
        assert main(["wallet", *arguments]) == 0
        told = capsys.readouterr()
        assert told.err == ""
        return told.out

    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A wallet of Ada with 20 image tokens, 3 of which a job reserved, 2 paid and 1 released; and of Bob with 205."""
    path = tmp_path_factory.mktemp("wallet") / "wallet.sqlite3"
    with Wallet.open(str(path), create=True) as wallet:
        wallet.create_user("ada")
        wallet.create_user("bob", "fl_plus")
        wallet.grant("bob", 5)
        wallet.reserve("ada", 3, "job 1")
        wallet.commit("ada", 2, "job 1")
        wallet.release("ada", "job 1")
    return path


@pytest.fixture
def users(made, home) -> None:
    """That wallet, in the usual place."""
    home.mkdir()
    shutil.copy(made, home)


STORY = [
    (["create", "ada"], rf"ada \(free\): 20 image tokens left; 20 on {NEXT}\n"),
    (["create", "小林", "--plan", "fl_plus", "--tokens", "5"], r"小林 \(fl_plus\): 205 image tokens left; 200 on .*\n"),
    (["grant", "ada", "3", "--key", "k"], r"ada \(free\): 23 .*\n"),
    (["grant", "ada", "3", "--key", "k"], r"ada \(free\): 23 .*\n"),
    (["grant", "ada", "3"], r"ada \(free\): 26 .*\n"),
    (["adjust", "ada", "-1", "--note", "too many"], r"ada \(free\): 25 .*\n"),
    (["adjust", "ada", "+2"], r"ada \(free\): 27 .*\n"),
    (["refund", "ada", " 2 "], r"ada \(free\): 29 .*\n"),
    (["balance", "ada"], r"ada \(free\): 29 .*\n"),
    (["plan", "ada"], r"ada \(free\): 29 .*\nfree \(Free\): 20 image tokens a day \(UTC\), unused ones lapse; .*\n"),
    (["plan", "ada", "fl_plus"], r"ada \(fl_plus\): 209 .*\nfl_plus \(FL\+\): 200 .*\n"),
    (["balance"], rf"user  plan .*  next grant\nada   fl_plus      209         0  200 on {NEXT}\n小林  fl_plus .*\n"),
    (["history", "ada", "--last", "2"], r"when .*\n.* refund +2 +0 +29\n.* grant +180 +0 +209 +FL\+\n"),
    (["check"], r"/.*/home/wallet\.sqlite3: 2 users, 9 entries, no contradiction\n"),
]  # fmt: skip


def test_what_changes_is_told_and_stays(do):
    for arguments, expected in STORY:
        assert re.fullmatch(expected, do(*arguments)), arguments


def test_a_wallet_is_where_it_is_said_to_be(do, here, tmp_path, monkeypatch):
    """`--wallet` comes before `TAGLOOM_WALLET`, and that before the place below `TAGLOOM_HOME`."""
    do("create", "ada")
    assert (tmp_path / "home" / "wallet.sqlite3").is_file()
    monkeypatch.setenv("TAGLOOM_WALLET", "team.sqlite3")
    do("create", "bob")
    do("create", "eve", "--wallet", f"sqlite:///{here / 'other.sqlite3'}")
    do("create", "eva", "--wallet", "other.sqlite3")
    assert [line.split(" ")[0] for line in do("balance").splitlines()[1:]] == ["bob"]
    assert [line.split(" ")[0] for line in do("balance", "--wallet", "other.sqlite3").splitlines()[1:]] == [
        "eva",
        "eve",
    ]


def test_a_job_s_history_and_refund(do, users):
    history = do("history", "ada", "--job", "job 1").splitlines()[1:]
    assert [line.split()[3:] for line in history] == [
        ["reserve", "-3", "3", "17", "job", "1"],
        ["commit", "0", "-2", "17", "job", "1"],
        ["release", "1", "-1", "18", "job", "1"],
    ]
    assert " 19 image tokens left" in do("refund", "ada", "1", "--job", "job 1")
    assert " 20 image tokens left" in do("refund", "ada", "--job", "job 1", "--note", "blurred")
    assert (
        do("history", "ada", "--last", "1")
        .splitlines()[1]
        .endswith("refund       1         0       20  job 1  blurred")
    )


def test_plans_of_one_s_own_and_their_prices(do, tmp_path, monkeypatch):
    (tmp_path / "plans.yaml").write_text(
        "- {id: team, name: Team, allowance: 300, period: week, time_zone: Asia/Tokyo, unused: stay, prices: ["
        "{tokens: 1}, {tokens: 2, above_megapixels: 1.5, above_steps: 40}, {tokens: 4, families: [flux1_dev, sdxl]}]}\n"
        "- {id: guest, allowance: 0, prices: [{tokens: 2, above_steps: 30}]}\n"
    )
    monkeypatch.setenv("TAGLOOM_PLANS", str(tmp_path / "plans.yaml"))
    assert do("plan").splitlines() == [
        "team (Team): 300 image tokens a week (Asia/Tokyo), unused ones stay; prices: "
        "1 an image, 2 an image above 1.5 megapixels and 40 steps, 4 an image with flux1_dev or sdxl",
        "guest (guest): no allowance; prices: 2 an image above 30 steps, 0 an image otherwise",
    ]
    assert do("create", "ada", "--plan", "guest") == "ada (guest): 0 image tokens left\n"


@pytest.mark.parametrize(
    ("command", "kind", "expected"),
    [
        (["balance"], "balance", {"users": [("ada", 18), ("bob", 205)]}),
        (["balance", "bob"], "balance", {"users": [("bob", 205)]}),
        (["plan"], "plans", {"plans": ["free", "fl_plus"], "users": []}),
        (["plan", "bob"], "plans", {"plans": ["fl_plus"], "users": [("bob", 205)]}),
        (["grant", "bob", "2", "--key", "k"], "balance", {"users": [("bob", 207)]}),
        (["adjust", "bob", "-2", "--key", "k"], "balance", {"users": [("bob", 203)]}),
        (["refund", "ada", "1", "--job", "job 1", "--key", "k"], "balance", {"users": [("ada", 19)]}),
        (["history", "bob"], "entries", {"entries": [200, 5]}),
        (["history", "ada", "--job", "job 1", "--last", "1"], "entries", {"entries": [1]}),
        (["export"], "entries", {"entries": [20, 200, 5, -3, 0, 1]}),
        (["check"], "wallet-checked", {"users": 2, "entries": 6, "faults": []}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_events(ask, users, home, command, kind, expected):
    """Each is done twice, as text and as an event: what has a key is done once."""
    event = ask("wallet", *command).event
    assert event.pop("type") == kind
    assert event.pop("wallet", str(home / "wallet.sqlite3")) == str(home / "wallet.sqlite3")
    if isinstance(event["users" if "users" in event else "entries"], list):
        event = {name: [_gist(each) for each in rows] for name, rows in event.items()}
    assert event == expected


def _gist(row):
    if "balance" in row and "user" in row and "kind" not in row:
        return row["user"], row["balance"]
    return row.get("id") if "allowance" in row and "prices" in row else row["amount"]


def test_tables_as_json_and_csv(do, users):
    entries = json.loads(do("export", "--format", "json"))
    assert [entry["kind"] for entry in entries] == ["grant", "grant", "grant", "reserve", "commit", "release"]
    rows = list(csv.DictReader(io.StringIO(do("export"))))
    assert rows == [{name: str(value) for name, value in entry.items()} for entry in entries]
    assert do("export", "--format", "text").startswith("entry  when ")
    assert [row["balance"] for row in csv.DictReader(io.StringIO(do("history", "ada", "--format", "csv")))] == [
        "20", "17", "17", "18"
    ]  # fmt: skip
    assert [row["balance"] for row in json.loads(do("balance", "--format", "json"))] == [18, 205]
    assert do("balance", "ada", "--format", "csv").startswith(
        "user,plan,balance,held,allowance,next_grant,next_tokens\nada,"
    )


@pytest.mark.parametrize(
    ("name", "form", "begins"),
    [
        ("a.csv", None, "id,user,"),
        ("a.json", None, '[\n  {\n    "id": 1'),
        ("a", None, "id,user,"),
        ("a.csv", "text", "entry  when"),
    ],
)
def test_a_table_goes_into_a_file(do, ask, users, here, name, form, begins):
    (here / name).write_text("an older one")
    options = ["-o", name, *(["--format", form] if form else [])]
    assert do("export", *options) == f"{name}\n"
    assert (here / name).read_text().startswith(begins)
    assert [path.name for path in here.iterdir()] == [name]
    assert ask("wallet", "export", *options).event["lines"] == 6


def test_notes_are_cleaned_and_never_formulas(do, ask, users):
    do("grant", "ada", "1", "--note", "=1+1\x1b]0;title\x07\x1b[31m red\n\udcff")
    do("grant", "ada", "1", "--note", "-5")
    assert [line.split("  ")[-1].strip() for line in do("history", "ada", "--last", "2").splitlines()[1:]] == [
        "=1+1 red \ufffd",
        "-5",
    ]
    rows = list(csv.DictReader(io.StringIO(do("history", "ada", "--last", "2", "--format", "csv"))))
    assert [(row["amount"], row["note"]) for row in rows] == [("1", "'=1+1 red \ufffd"), ("1", "'-5")]
    assert ask("wallet", "history", "ada", "--last", "1").event["entries"][0]["note"] == "-5"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code", "words"),
    [
        ([], 2, "usage", ["COMMAND"]),
        (["pay"], 2, "usage", ["pay"]),
        (["create"], 2, "usage", ["NAME"]),
        (["create", "ada"], 2, "wallet-user", ["'ada' already"]),
        (["create", "eve", "--plan", "gold"], 2, "wallet-plan", ["gold", "free, fl_plus"]),
        (["create", "eve", "--tokens", "0"], 2, "wallet-amount", ["'0'"]),
        (["create", "eve", "--tokens", "1000000000001"], 2, "wallet-amount", ["1000000000000"]),
        (["create", " "], 2, "wallet-amount", ["no name"]),
        (["create", "e\nve"], 2, "wallet-amount", [r"e\nve"]),
        (["create", "e\udcffve"], 2, "wallet-amount", ["can't be shown"]),
        (["create", "e" * 101], 2, "wallet-amount", ["100 characters"]),
        (["create", "--", "-x"], 2, "wallet-amount", ["-x"]),
        (["plan", "eve"], 2, "wallet-user", ["'eve'", "tagloom wallet create"]),
        (["plan", "ada", "gold"], 2, "wallet-plan", ["gold"]),
        (["balance", "eve"], 2, "wallet-user", ["'eve'"]),
        (["balance", "e\nve"], 2, "wallet-user", [r"e\nve"]),
        (["history", "e\udcffve"], 2, "wallet-user", [r"e\udcffve"]),
        (["refund", "ada", "--job", "\udcff"], 2, "wallet-amount", [r"\udcff"]),
        (["history", "eve"], 2, "wallet-user", ["'eve'"]),
        (["history", "ada", "--last", "0"], 2, "usage", ["--last"]),
        (["history", "ada", "--job", "job 2"], 2, "wallet-amount", ["ada has no job 'job 2'", "wallet history ada"]),
        (["history", "ada", "--job", "job 2", "--last", "1"], 2, "wallet-amount", ["'job 2'"]),
        (["history", "bob", "--job", "job 1"], 2, "wallet-amount", ["bob has no job 'job 1'"]),
        (["history", "ada", "--last", "few"], 2, "usage", ["--last", "few"]),
        (["grant", "ada"], 2, "usage", ["N"]),
        (["grant", "ada", "0"], 2, "wallet-amount", ["'0'"]),
        (["grant", "ada", "-5"], 2, "wallet-amount", ["'-5'"]),
        (["grant", "ada", "2.5"], 2, "wallet-amount", ["'2.5'"]),
        (["grant", "ada", "1e3"], 2, "wallet-amount", ["'1e3'"]),
        (["grant", "ada", "٣"], 2, "wallet-amount", ["'٣'"]),
        (["grant", "ada", "9" * 5000], 2, "wallet-amount", ["999…"]),
        (["grant", "ada", "5\x1b[31m"], 2, "wallet-amount", ["'5'"]),
        (["grant", "eve", "5"], 2, "wallet-user", ["'eve'"]),
        (["grant", "ada", "5", "--key", ""], 2, "wallet-amount", ["key"]),
        (["grant", "ada", "5", "--key", "taken"], 2, "wallet-key", ["taken", "another operation"]),
        (["adjust", "ada", "0"], 2, "wallet-amount", ["a whole number other than 0"]),
        (["grant", "ada", " "], 2, "wallet-amount", ["''"]),
        (["grant", "ada", "5\t"], 2, "wallet-amount", ["5"]),
        (["adjust", "ada", "-19"], 6, "image-tokens", ["needs 19 image tokens, 18 left, next grant 20"]),
        (["refund", "ada"], 2, "usage", ["--job"]),
        (["refund", "ada", "0"], 2, "wallet-amount", ["'0'"]),
        (["refund", "ada", "--job", "job 2"], 2, "wallet-amount", ["'job 2'"]),
        (["refund", "bob", "--job", "job 1"], 2, "wallet-amount", ["'job 1'"]),
        (["refund", "ada", "3", "--job", "job 1"], 2, "wallet-amount", ["2 image tokens"]),
        (["balance", "--format", "xml"], 2, "usage", ["xml"]),
        (["balance", "--wallet", ""], 2, "usage", ["--wallet"]),
        (["balance", "--wallet", "none.sqlite3"], 1, "wallet-storage", ["none.sqlite3", "tagloom wallet create NAME"]),
        (["balance", "--wallet", "text.txt"], 1, "wallet-storage", ["text.txt"]),
        (["balance", "--wallet", "."], 1, "wallet-storage", ["is no file"]),
        (["balance", "--wallet", "nosuch://x"], 1, "wallet-storage", ["nosuch"]),
        (["export", "-o", "missing/a.csv"], 1, "save-failed", ["missing"]),
        (["export", "-o", "."], 1, "save-failed", ["is no file"]),
        (["export", "-o", "../home/wallet.sqlite3"], 1, "save-failed", ["is a database"]),
    ],
    ids=lambda value: ascii(" ".join(value))[:60] if isinstance(value, list) else "",
)  # fmt: skip
def test_what_is_refused_changes_nothing(ask, do, users, here, arguments, exit_code, code, words):
    if "taken" in arguments:
        do("adjust", "ada", "1", "--key", "taken")
    (here / "text.txt").write_text("no wallet")
    before = do("export")
    refused = ask("wallet", *arguments)
    assert (refused.code, refused.event["code"]) == (exit_code, code)
    assert [word for word in words if word not in refused.event["message"]] == []
    assert do("export") == before
    assert [path.name for path in here.iterdir()] == ["text.txt"]


@pytest.mark.parametrize(
    "arguments",
    [[" bad"], ["-x"], ["eve", "--plan", "gold"], ["eve", "--tokens", "0"], ["eve", "--tokens", "many"]],
    ids=lambda value: " ".join(value),
)
def test_a_user_that_can_t_be_made_leaves_no_wallet_behind(capsys, home, here, arguments):
    options, name = arguments[1:], arguments[0]
    assert main(["wallet", "create", *options, "--", name]) == 2
    assert main(["wallet", "create", *options, "--wallet", "sub/new.db", "--", name]) == 2
    assert (home.exists(), list(here.iterdir())) == (False, [])


def test_what_a_user_begins_with_is_granted_with_the_user_or_not_at_all(do, ask):
    """One command makes both; it can't be given twice."""
    assert do("create", "ada", "--tokens", "5").startswith("ada (free): 25 image tokens left;")
    assert ask("wallet", "create", "ada", "--tokens", "5").event["code"] == "wallet-user"
    assert do("balance", "ada").startswith("ada (free): 25 ")
    entries = json.loads(do("history", "ada", "--format", "json"))
    assert sorted((entry["kind"], entry["amount"], entry["allowance"]) for entry in entries) == [
        ("grant", 5, 0),
        ("grant", 20, 20),
    ]


def test_keys_are_shown_as_they_were_given(do, users):
    do("grant", "ada", "3", "--key", "given:order 1")
    do("adjust", "bob", "-1", "--key", "k")
    assert json.loads(do("history", "ada", "--last", "1", "--format", "json"))[0]["key"] == "given:order 1"
    assert [row["key"] for row in csv.DictReader(io.StringIO(do("export")))][-2:] == ["given:order 1", "k"]


def test_the_newest_lines_have_the_balances_of_the_whole_history(do, users):
    do("adjust", "ada", "-7")
    whole = do("history", "ada", "--format", "csv").splitlines()
    for last in range(1, len(whole)):
        assert do("history", "ada", "--format", "csv", "--last", str(last)).splitlines()[1:] == whole[-last:]


def test_what_comes_between_reading_lines_and_balance_does_not_spoil_them(do, users, monkeypatch):
    """Somebody spends meanwhile, once."""
    entries, left = Wallet.entries, ["job 2"]

    def meanwhile(wallet, name=None, last=None):
        found = entries(wallet, name, last=last)
        for job in [left.pop() for _ in left[:]]:
            wallet.commit("ada", 4, job)
        return found

    monkeypatch.setattr(Wallet, "entries", meanwhile)
    (row,) = json.loads(do("history", "ada", "--last", "1", "--format", "json"))
    assert (row["kind"], row["job"], row["balance"]) == ("commit", "job 2", 14)


def test_text_and_events_are_not_asked_for_at_once(users, capsys):
    assert main(["wallet", "balance", "--json", "--format", "csv"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "usage"


def test_a_wallet_without_its_packages_names_the_extra(ask, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delitem(sys.modules, "tagloom.wallet.ledger")
    refused = ask("wallet", "balance")
    assert (refused.code, refused.event["code"]) == (1, "wallet-missing")
    assert all(word in refused.event["message"] for word in ("sqlalchemy", "uv sync --extra wallet", "'.[wallet]'"))


def test_a_ledger_that_contradicts_itself_is_told(ask, users, tmp_path):
    """Each fault on a line, or in the event; the exit code is 1."""
    with sqlite3.connect(tmp_path / "home" / "wallet.sqlite3") as file:
        file.execute("UPDATE wallet_users SET balance = balance + 7 WHERE name = 'ada'")
    file.close()
    told = ask("wallet", "check")
    assert told.code == 1
    assert told.text == "ada: balance is kept as 25, the ledger's sum is 18\n"
    assert told.event["faults"] == [{"user": "ada", "text": "balance is kept as 25, the ledger's sum is 18"}]


def test_what_opens_no_wallet_loads_no_database_library():
    code = (
        "import sys; from tagloom.runner.cli import main; main(['wallet', 'plan']); print('sqlalchemy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("prices: 1 an image\nFalse\n")
