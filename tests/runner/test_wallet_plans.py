"""`tagloom wallet` and a file of plans that does not fit: to the users in the wallet, or to the model families."""

from __future__ import annotations

import json
import re

import pytest

from tagloom.runner.cli import main
from tagloom.wallet.ledger import Wallet


@pytest.fixture
def guest(home, tmp_path, monkeypatch):
    """Bob's plan is in the file of plans no more."""
    with Wallet.open(create=True) as wallet:
        wallet.create_user("ada")
        wallet.create_user("bob", "fl_plus")
    (tmp_path / "plans.yaml").write_text("- {id: free, name: Free, allowance: 20}\n")
    monkeypatch.setenv("TAGLOOM_PLANS", str(tmp_path / "plans.yaml"))


def test_users_whose_plan_is_gone_do_not_hide_the_others(guest, capsys, tmp_path):
    assert main(["wallet", "balance"]) == 2
    told = capsys.readouterr()
    assert [line.split()[:3] for line in told.out.splitlines()] == [["user", "plan", "balance"], ["ada", "free", "20"]]
    assert re.fullmatch(r"tagloom: error: .*bob.*fl_plus.*tagloom wallet plan.*\n", told.err)
    assert main(["wallet", "balance", "--json"]) == 2
    balance, error = map(json.loads, capsys.readouterr().out.splitlines())
    assert [user["user"] for user in balance["users"]] == ["ada"]
    assert (error["type"], error["code"], "bob" in error["message"]) == ("error", "wallet-plan", True)
    written = tmp_path / "a.csv"
    assert main(["wallet", "balance", "-o", str(written)]) == 2
    assert [line.split(",")[0] for line in written.read_text().splitlines()] == ["user", "ada"]
    assert main(["wallet", "balance", "ada"]) == 0


@pytest.mark.parametrize("command", [["balance", "bob"], ["plan", "bob"], ["grant", "bob", "1"], ["history", "bob"]])
def test_a_user_whose_plan_is_gone_is_named(guest, ask, command):
    refused = ask("wallet", *command)
    assert (refused.code, refused.event["code"]) == (2, "wallet-plan")
    assert all(word in refused.event["message"] for word in ("bob", "fl_plus", "tagloom wallet plan"))


def test_a_file_of_plans_that_is_wrong_is_said_once(guest, ask, tmp_path):
    (tmp_path / "plans.yaml").write_text("- {id: free}\n")
    refused = ask("wallet", "balance")
    assert (refused.code, refused.event["code"]) == (2, "wallet-plan")
    assert "allowance" in refused.event["message"]


def test_prices_for_a_family_that_does_not_exist_are_warned_of(capsys, tmp_path, monkeypatch):
    (tmp_path / "plans.yaml").write_text(
        "- {id: free, allowance: 20, prices: [{tokens: 1}, {tokens: 4, families: [sdxl, flux-dev]}, "
        "{tokens: 5, families: [flux-dev]}]}\n"
    )
    monkeypatch.setenv("TAGLOOM_PLANS", str(tmp_path / "plans.yaml"))
    assert main(["wallet", "plan"]) == 0
    assert capsys.readouterr().err == (
        "tagloom: warning: plan free: no model family is called 'flux-dev', so its price never holds; "
        "see: tagloom models\n"
    )
