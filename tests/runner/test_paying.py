"""Jobs that a user pays for: what is reserved, paid and given back as they fail, are lost, or make more than that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tagloom.runner.batch.journal import NAME, Journal
from tagloom.runner.batch.told import JobEnded
from tagloom.runner.jobs.job import State
from tagloom.runner.paying import till
from tagloom.runner.paying.bills import Bill
from tagloom.runner.paying.expected import Expected
from tagloom.runner.reporting import exit_code_of
from tagloom.wallet import InsufficientTokens, Picture, Price
from tagloom.wallet.errors import StorageError
from tagloom.wallet.plans import plan

from .paid_runs import USER, Clock, PictureExecutor, assert_settled, payment, pictures, quick_wallet, run_paid
from .simulated_servers import Servers, failed, lost, new_journal

JOBS, TOKENS = 3, 20


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def journal(out):
    with new_journal(out / NAME, JOBS) as journal:
        yield journal


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def wallet(tmp_path, clock):
    with quick_wallet(tmp_path / "wallet.sqlite3", clock) as wallet:
        yield wallet


@pytest.fixture
def servers():
    return Servers("a", "b")


@pytest.fixture
def executor(servers, tmp_path):
    return PictureExecutor(servers, tmp_path / "spool")


def ends(told) -> dict[str, JobEnded]:
    return {one.key: one for one in told if isinstance(one, JobEnded)}


def kinds(wallet) -> list[str]:
    """Return what happened, job by job, without grants."""
    return [f"{entry.kind} {entry.held or entry.amount}" for entry in wallet.entries(USER) if entry.kind != "grant"]


def test_each_job_reserves_and_pays_one_image_token(wallet, journal, executor, out, servers):
    paid = payment(wallet, journal)
    run_paid(paid, journal, executor, out, servers)
    assert sorted(kinds(wallet)) == ["commit -1"] * JOBS + ["reserve 1"] * JOBS
    assert {found.run for found in wallet.reservations(USER)} == {journal.name}
    assert paid.paid() == JOBS == pictures(out)
    assert_settled(wallet, out, TOKENS)


@pytest.mark.parametrize(
    ("fault", "state"),
    [(failed("job-failed"), "failed"), (failed("job-refused"), "failed"), (lost("job-lost"), "done"),
     (failed("output-missing"), "done"), (lost("post-unanswered"), "done"), (failed("out-of-memory"), "done")],
    ids=lambda value: getattr(value, "problem", None) and value.problem.code,
)  # fmt: skip
def test_what_fails_costs_nothing_and_what_is_tried_again_costs_once(
    wallet, journal, executor, out, servers, fault, state
):
    servers["a"].faults["2"] = servers["b"].faults["2"] = [fault]
    servers["b"].faults["2"] = [] if state == "done" else [fault]
    assert ends(run_paid(payment(wallet, journal), journal, executor, out, servers))["2"].state == state
    assert pictures(out) == JOBS - (state == "failed")
    assert_settled(wallet, out, TOKENS)


def test_what_is_expected_too_much_goes_back_and_what_is_made_besides_is_paid(wallet, journal, executor, out, servers):
    executor.makes = {"1": 2, "2": 0, "3": 4}
    run_paid(payment(wallet, journal, {"1": 5, "2": 3, "3": 0}), journal, executor, out, servers)
    assert pictures(out) == 6
    assert_settled(wallet, out, TOKENS)
    assert sorted(found.tokens for found in wallet.reservations(USER)) == [3, 4, 5]


def test_what_a_try_reserved_is_there_for_the_next_one(wallet, journal, executor, out, servers):
    """The balance pays for each job once."""
    wallet.adjust(USER, JOBS - TOKENS)
    for server in servers.values():
        server.faults = {key: [failed("output-missing")] for key in "123"}
    run_paid(payment(wallet, journal), journal, executor, out, servers)
    assert journal.counts() == {"done": JOBS}
    assert_settled(wallet, out, JOBS)


def test_partial_results_are_paid_as_they_are_and_once_more_done_cost_what_lies_there(
    wallet, journal, executor, out, servers, tmp_path
):
    executor.ends_with = {"2": State.PARTIAL}
    ended = ends(run_paid(payment(wallet, journal), journal, executor, out, servers))
    assert ended["2"].state is State.PARTIAL
    assert_settled(wallet, out, TOKENS)
    journal.revive((State.PARTIAL,))
    again = PictureExecutor(servers, tmp_path / "spool", makes={"2": 3})
    run_paid(payment(wallet, journal), journal, again, out, servers)
    assert pictures(out) == JOBS + 2
    assert_settled(wallet, out, TOKENS)


def test_what_the_balance_does_not_suffice_for_is_not_posted(wallet, journal, executor, out, servers):
    """Somebody else spends meanwhile; the jobs for which it does suffice are done."""
    wallet.adjust(USER, 2 - TOKENS)
    told = ends(run_paid(payment(wallet, journal), journal, executor, out, servers))
    (refused,) = [job for job in told.values() if job.state is State.FAILED]
    assert refused.problem.code == "image-tokens"
    assert refused.problem.message == "needs 1 image token, 0 left, next grant 2026-11-23 00:00 UTC"
    assert exit_code_of(refused.problem) == 6
    assert len(servers.posts) == 2 == pictures(out)
    assert_settled(wallet, out, 2)


def test_what_is_refused_can_be_done_after_the_next_grant(wallet, journal, executor, out, servers, clock, tmp_path):
    wallet.adjust(USER, 1 - TOKENS)
    run_paid(payment(wallet, journal), journal, executor, out, servers)
    clock.pass_by(days=1)
    assert journal.revive((State.FAILED,)) == 2
    run_paid(payment(wallet, journal), journal, PictureExecutor(servers, tmp_path / "spool"), out, servers)
    assert pictures(out) == JOBS
    assert wallet.standing(USER).balance == TOKENS - 2
    assert wallet.check() == []


class Meanwhile(PictureExecutor):
    """Lets something happen between a job's posting and its end."""

    def submit(self, server, task, job_id):
        self.happens()
        super().submit(server, task, job_id)


def test_a_reservation_that_expired_is_taken_from_the_balance(wallet, journal, out, servers, clock, tmp_path):
    executor = Meanwhile(servers, tmp_path / "spool")
    executor.happens = lambda: clock.pass_by(hours=2)
    run_paid(payment(wallet, journal), journal, executor, out, servers)
    assert_settled(wallet, out, TOKENS)
    assert "expired" in {entry.note for entry in wallet.entries(USER)}


def test_nothing_is_written_when_it_expired_and_somebody_else_spent_the_rest(
    wallet, journal, out, servers, clock, tmp_path
):
    executor = Meanwhile(servers, tmp_path / "spool")

    def happens() -> None:
        clock.pass_by(hours=2)
        balance = wallet.standing(USER).balance
        if balance:
            wallet.adjust(USER, -balance)

    executor.happens = happens
    told = ends(run_paid(payment(wallet, journal), journal, executor, out, servers))
    assert {job.problem and job.problem.code for job in told.values()} >= {"image-tokens"}
    assert all(job.files == () for job in told.values() if job.state is State.FAILED)
    standing, paid = wallet.standing(USER), sum(found.paid for found in wallet.reservations(USER))
    assert (standing.held, paid, wallet.check()) == (0, pictures(out), [])


def test_reservations_of_jobs_at_servers_are_renewed(wallet, journal, out, servers, clock, tmp_path, monkeypatch):
    """A job that takes longer than its reservation lasts keeps it."""
    monkeypatch.setattr(till, "RENEWED", 0.0)
    paying = till.Paying(payment(wallet, journal), journal, out, goes_on=True)
    flight = type("Flight", (), {"key": "1", "job_id": "one"})()
    paying.reserve(flight)
    for _ in range(3):
        clock.pass_by(minutes=50)
        paying.renew([flight])
    assert wallet.standing(USER).held == 1


def test_files_of_a_posting_that_is_lost_go_before_its_payment_is_given_back(wallet, journal, out, servers, tmp_path):
    """A process was killed when it had paid and written, but not noted that; the server forgot the job meanwhile."""
    cut_off(wallet, journal, out, servers, tmp_path)
    assert (pictures(out), payment(wallet, journal).paid()) == (1, 1)
    for server in servers.values():
        server.restart()
        server.faults = {key: [failed()] * 9 for key in "123"}
    run_paid(payment(wallet, journal), journal, PictureExecutor(servers, tmp_path / "spool"), out, servers)
    assert pictures(out) == 0
    assert_settled(wallet, out, TOKENS)


@pytest.mark.parametrize("begins", [True, False], ids=["resumed", "asked whether the balance suffices"])
def test_the_same_where_a_second_process_is_killed_between_noting_the_loss_and_giving_back(
    wallet, journal, out, servers, tmp_path, begins
):
    cut_off(wallet, journal, out, servers, tmp_path)
    for server in servers.values():
        server.restart()
    with killed_at(till.Paying, "_undo"):
        run_paid(payment(wallet, journal), journal, PictureExecutor(servers, tmp_path / "spool"), out, servers)
    paid = payment(wallet, journal)
    assert (pictures(out), paid.paid()) == (1, 1)
    if begins:
        till.Paying(paid, journal, out, goes_on=True).begin()
    else:
        paid.demand(journal)
    assert pictures(out) == 0
    assert_settled(wallet, out, TOKENS)


def test_a_wallet_that_breaks_ends_the_run_which_can_be_resumed(
    wallet, journal, executor, out, servers, tmp_path, monkeypatch
):
    def broken(*arguments, **options):
        raise StorageError("the wallet is gone")

    with monkeypatch.context() as patch, pytest.raises(StorageError):
        patch.setattr(wallet, "commit", broken)
        run_paid(payment(wallet, journal), journal, executor, out, servers)
    assert executor.took_back
    assert pictures(out) == 0
    run_paid(payment(wallet, journal), journal, PictureExecutor(servers, tmp_path / "spool"), out, servers)
    assert pictures(out) == JOBS
    assert_settled(wallet, out, TOKENS)


def test_a_run_that_costs_too_much_is_refused_as_a_whole(wallet, journal):
    wallet.adjust(USER, 1 - TOKENS)
    with pytest.raises(InsufficientTokens, match=r"^needs 6 image tokens, 1 left, next grant 2026-11-23 00:00 UTC$"):
        payment(wallet, journal, {"1": 2, "2": 3}).demand(journal)
    assert wallet.standing(USER).held == 0


def test_what_its_jobs_at_servers_have_reserved_is_not_needed_again(wallet, journal):
    wallet.adjust(USER, JOBS - TOKENS)
    journal.post("1", "a", "one")
    wallet.reserve(USER, 1, "one", journal.name)
    wallet.reserve(USER, 1, "of a posting that the journal does not know", journal.name)
    standing = payment(wallet, journal).demand(journal)
    assert (standing.balance, standing.held) == (JOBS - 1, 1)


PRICY = plan("free")._replace(prices=(Price(1), Price(2, above_megapixels=0.00005), Price(5, above_steps=30)))


@pytest.mark.parametrize(
    ("asked", "made", "price"),
    [
        (Picture(), (0, 0), 1),
        (Picture(), (8, 8), 2),
        (Picture(8, 8), (1, 1), 2),
        (Picture(1, 1), (8, 8), 2),
        (Picture(1, 1, 31), (1, 1), 5),
        (Picture(1, 1, 30), (1, 1), 1),
    ],
)
def test_a_picture_costs_what_it_is_and_no_less_than_what_it_was_to_be(asked, made, price):
    assert Bill(PRICY, {"1": Expected(1, asked)}).price("1", *made) == price


def test_prices_by_size_hold_for_what_is_delivered(wallet, journal, executor, out, servers):
    """Nothing was known of the size before."""
    run_paid(payment(wallet, journal, plan=PRICY), journal, executor, out, servers)
    assert_settled(wallet, out, TOKENS, each=2)


def test_prices_that_changed_while_a_run_was_cut_off_hold_for_all_that_is_not_noted_yet(
    wallet, journal, out, servers, tmp_path
):
    cut_off(wallet, journal, out, servers, tmp_path)
    assert payment(wallet, journal).paid() == 1
    dear = payment(wallet, journal, plan=PRICY)
    run_paid(dear, journal, PictureExecutor(servers, tmp_path / "spool"), out, servers)
    assert_settled(wallet, out, TOKENS, each=2)


class Killed(BaseException):
    """The process is dead."""


def cut_off(wallet, journal, out, servers, folder) -> None:
    """Let a process be killed when it has paid for a picture and written it, but not noted that."""
    with killed_at(Journal, "saved"):
        run_paid(payment(wallet, journal), journal, PictureExecutor(servers, folder / "spool"), out, servers)


@contextmanager
def killed_at(owner: type, name: str) -> Iterator[None]:
    """Let the process be killed when it calls a method; it does not tidy up."""

    def killed(*arguments):
        raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(owner, name, killed)
        patch.setattr(till.Paying, "leave", lambda self, flights: None)
        yield
