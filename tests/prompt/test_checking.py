"""Checking is linting, after the fixes that keep weights where that is wanted: what the node and the runner share."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt import UnknownDialect, attention, get_family
from tagloom.prompt.lint import check, fix, lint
from tagloom.prompt.syntax import DIALECTS

TEXT = "Masterpiece, 1girl, smirk, (blush:4), smirk"
PIECES = ["Smile", "1girl", "hat", "(hat:4)", "long_hair", "score_9", "(", ")", ", ", ",,", " ", ":3", "AND", "\n"]
prompts = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)
settings_of_prompts = st.fixed_dictionaries(
    {
        "dialect": st.sampled_from(DIALECTS),
        "family": st.sampled_from([None, get_family("illustrious"), get_family("flux1_dev")]),
        "negative": st.sampled_from(["", "hat, lowres"]),
        "tag_aware": st.booleans(),
    }
)


@settings(deadline=None)
@given(prompts, settings_of_prompts)
def test_without_mending_the_prompt_stays_and_all_is_told(text, setting):
    checked = check(text, **setting)
    assert (checked.text, checked.mended) == (text, ())
    assert checked.findings == lint(text, **setting)


@settings(deadline=None)
@given(prompts, settings_of_prompts)
def test_mending_makes_the_fixes_that_keep_weights_and_tells_the_rest(text, setting):
    checked, fixed = check(text, mend=True, **setting), fix(text, **setting)
    assert (checked.text, checked.mended) == (fixed.text, fixed.applied)
    assert checked.findings == lint(checked.text, **setting)
    assert not any(finding.changes_weights for finding in checked.mended)


def test_warnings_are_all_that_is_no_mere_remark():
    checked = check("score_10, 1girl, Smirk, (hat", dialect="a1111", family=get_family("pony_v6"))
    severities = [finding.severity for finding in checked.findings]
    assert set(severities) == {"error", "warning", "info"}
    assert checked.warnings == len(severities) - severities.count("info")
    assert check("1girl, long hair").warnings == 0


def test_the_report_names_what_was_mended_before_what_is_left():
    checked = check(TEXT, mend=True)
    assert checked.text == "masterpiece, 1girl, smirk, (blush:4)"
    lines = checked.report().splitlines()
    assert [line.split(":")[0] for line in lines] == ["mended TL101", "mended TL107", "TL204 warning"]
    assert lines[0].endswith(checked.mended[0].message)
    assert lines[-1].endswith(checked.findings[0].message)


def test_a_prompt_that_is_good_has_a_report_too():
    """The node shows it: an empty one would look like a fault."""
    assert check("1girl, long hair").report() == "nothing to say"
    assert check("1girl, long hair,", mend=True).findings == ()


@pytest.mark.parametrize("mend", [True, False])
def test_the_negative_prompt_and_the_family_count(mend):
    assert [one.code for one in check("1girl, hat", negative="hat", mend=mend).findings] == ["TL505"]
    assert check("score_9, 1girl", mend=mend).findings == ()
    found = check("score_9, 1girl", family=get_family("illustrious"), mend=mend)
    assert [one.code for one in (*found.findings, *found.mended)] == ["TL601"]
    assert found.text == ("1girl" if mend else "score_9, 1girl")


def test_the_dialect_counts():
    assert check("(hat", dialect="a1111", mend=True).text == "(hat)"
    assert attention("(hat)", "a1111")[0].weight == attention("(hat", "a1111")[0].weight
    assert check("(hat", dialect="comfyui", mend=True).text == r"\(hat"  # there, closing it would change its weight
    with pytest.raises(UnknownDialect, match="'webui'"):
        check("1girl", dialect="webui")
