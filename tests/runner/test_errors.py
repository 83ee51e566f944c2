from __future__ import annotations

import re
from pathlib import Path

import pytest

from tagloom.runner import errors
from tagloom.runner.errors import CODES, RunnerError
from tagloom.runner.wallets import EXIT_CODES
from tagloom.wallet import WalletError

ROOM = Path(errors.__file__).parent
CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, RunnerError)]
EXITS = {"usage": 2, "embedded-missing": 4, "server-start": 4, "server-unavailable": 4, "workflow": 5, "cancelled": 130}


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_has_a_code_and_an_exit_code(error):
    assert error.code in CODES
    assert error.exit_code in (1, 2, 4, 5, 130)
    assert error.exit_code == EXITS.get(error.code, error.exit_code)
    assert f" {error.__name__}" in errors.__doc__ or error is RunnerError


@pytest.mark.parametrize("error", [WalletError, *WalletError.__subclasses__()])
def test_every_error_of_the_wallet_has_a_code_and_an_exit_code(error):
    assert error.code in CODES
    assert EXIT_CODES[error.code] == {"image-tokens": 6, "wallet": 1, "wallet-storage": 1}.get(error.code, 2)


def test_every_problem_s_code_is_known():
    """Wherever in the runner one is written."""
    written = re.compile(r"""Problem\(\s*"([a-z-]+)"|\bcode = "([a-z-]+)"|Refused\([^)]*"([a-z-]+)"\)""")
    found = {
        next(filter(None, match.groups())): path
        for path in ROOM.rglob("*.py")
        for match in written.finditer(path.read_text(encoding="utf-8"))
    }
    assert len(found) > 15
    assert {code: path for code, path in found.items() if code not in CODES} == {}


@pytest.mark.parametrize("code", CODES)
def test_codes_are_explained_in_one_line(code):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    for text in CODES[code]:
        assert 5 < len(text) < 120 and text.isprintable() and not text.endswith(".")


@pytest.mark.parametrize("code", CODES)
def test_no_code_is_dead(code):
    """Each is given by something in the runner."""
    used = any(
        f'"{code}"' in path.read_text(encoding="utf-8") for path in ROOM.rglob("*.py") if path.name != "codes.py"
    )
    assert used
