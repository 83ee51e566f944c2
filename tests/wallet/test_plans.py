"""Plans: the specification's two, those of a file of one's own, what an image costs, and files that are wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.wallet import BadAmount, Picture, Plan, Price, UnknownPlan, image_tokens, plan, plans
from tagloom.wallet.plans import MOST, read_plans

BY_SIZE = Plan(
    "studio",
    "Studio",
    500,
    prices=(Price(1), Price(3, above_megapixels=1.5), Price(5, above_steps=40), Price(4, families=("flux", "qwen"))),
)


@pytest.mark.parametrize(
    ("plan_id", "expected"),
    [("free", Plan("free", "Free", 20)), ("fl_plus", Plan("fl_plus", "FL+", 200))],
)
def test_the_specification_s_plans(plan_id, expected):
    assert plan(plan_id) == expected
    assert (expected.period, expected.time_zone, expected.unused) == ("day", "UTC", "lapse")
    assert expected.price() == expected.price(Picture(4096, 4096, 150, "flux")) == 1


def test_plans_are_kept_by_their_ids():
    assert {plan_id: found.id for plan_id, found in plans().items()} == {"free": "free", "fl_plus": "fl_plus"}


@pytest.mark.parametrize("plan_id", ["", "Free", "gold"])
def test_an_unknown_plan_is_refused_with_the_known_ones(plan_id):
    with pytest.raises(UnknownPlan, match="known are free, fl_plus"):
        plan(plan_id)


@pytest.mark.parametrize(("images", "price"), [(0, 0), (1, 1), (4, 4), (1000, 1000)])
def test_one_image_token_pays_for_one_image(images, price):
    assert image_tokens(images) == price
    assert image_tokens(images, 3) == 3 * price


def test_a_negative_number_of_images_has_no_price():
    with pytest.raises(BadAmount, match="-1 images"):
        image_tokens(-1)


@pytest.mark.parametrize(
    ("picture", "tokens"),
    [
        (Picture(), 1),
        (Picture(1024, 1024, 20, "sdxl"), 1),
        (Picture(1500, 1000), 1),
        (Picture(1500, 1001), 3),
        (Picture(1500, None), 1),
        (Picture(steps=40), 1),
        (Picture(steps=41), 5),
        (Picture(2048, 2048, 50, "flux"), 5),
        (Picture(2048, 2048, 28, "flux"), 4),
        (Picture(family="qwen"), 4),
        (Picture(family="Qwen"), 1),
    ],
)
def test_the_highest_rule_that_fits_is_the_price(picture, tokens):
    assert BY_SIZE.price(picture) == tokens


def test_a_rule_needs_all_its_conditions():
    both = Plan("a", "A", 1, prices=(Price(7, above_megapixels=1, above_steps=30, families=("flux",)),))
    assert both.price(Picture(2000, 1000, 31, "flux")) == 7
    for less in (Picture(1000, 1000, 31, "flux"), Picture(2000, 1000, 30, "flux"), Picture(2000, 1000, 31, "sdxl")):
        assert both.price(less) == 0


@given(
    st.builds(
        Picture,
        st.none() | st.integers(1, 9999),
        st.none() | st.integers(1, 9999),
        st.none() | st.integers(1, 200),
        st.sampled_from([None, "flux", "sdxl"]),
    )
)
def test_more_of_anything_never_costs_less(picture):
    more = Picture(
        *(None if part is None else part + 100 for part in (picture.width, picture.height, picture.steps)),
        picture.family,
    )
    assert 1 <= BY_SIZE.price(picture) <= BY_SIZE.price(more) <= 5


def test_a_file_of_one_s_own_takes_the_place_of_the_plans(use_plans):
    use_plans("""
- {id: small, allowance: 0}
- id: studio
  name: Studio
  allowance: 500
  period: week
  time_zone: Asia/Tokyo
  unused: stay
  prices:
    - {tokens: 2}
    - {tokens: 6, above_megapixels: 1.5, above_steps: 40, families: [flux]}
""")
    assert plans() == {
        "small": Plan("small", "small", 0),
        "studio": Plan("studio", "Studio", 500, "week", "Asia/Tokyo", "stay", (Price(2), Price(6, 1.5, 40, ("flux",)))),
    }
    with pytest.raises(UnknownPlan, match="'free'; known are small, studio"):
        plan("free")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a list of plans is wanted"),
        ("[]", "a list of plans is wanted"),
        ("{free: {allowance: 3}}", "a list of plans is wanted"),
        ("- free", "plan 1 is 'free'; fields are wanted: allowance, id, "),
        ("- {allowance: 3}", "plan 1: id is None; write letters"),
        ("- {id: 3, allowance: 3}", "plan 1: id is 3; write letters"),
        ("- {id: 'a b', allowance: 3}", "plan 1: id is 'a b'"),
        ('- {id: "a\\n", allowance: 3}', r"plan 1: id is 'a\\n'"),
        (f"- {{id: {'a' * 101}, allowance: 3}}", "plan 1: id is 'aaa"),
        ("- {id: ä, allowance: 3}", "plan 1: id is 'ä'"),
        ("- {id: a, name: 5, allowance: 3}", "plan a: name is 5; write a text"),
        ("- {id: a}", "plan a: allowance is None; write a whole number from 0 to 1,000,000,000"),
        ("- {id: a, allowance: -1}", "plan a: allowance is -1"),
        ("- {id: a, allowance: 2.0}", r"plan a: allowance is 2\.0"),
        ("- {id: a, allowance: yes}", "plan a: allowance is True"),
        ("- {id: a, allowance: 1000000001}", "plan a: allowance is 1000000001"),
        ("- {id: a, allowance: .inf}", "plan a: allowance is inf"),
        ("- {id: a, allowance: '20'}", "plan a: allowance is '20'"),
        ("- {id: a, allowance: 3, period: hour}", "plan a: period is 'hour'; write day or week or month"),
        ("- {id: a, allowance: 3, period: [day]}", r"plan a: period is \['day'\]"),
        ("- {id: a, allowance: 3, unused: burn}", "plan a: unused is 'burn'; write lapse or stay"),
        ("- {id: a, allowance: 3, time_zone: Mars/Base}", "plan a: there is no time zone 'Mars/Base'"),
        ("- {id: a, allowance: 3, time_zone: 2}", "plan a: .*'?2'?"),
        ("- {id: a, allowance: 3, time_zone: /etc/passwd}", "plan a: there is no time zone '/etc/passwd'"),
        ("- {id: a, allowance: 3, alowance: 4}", "plan 1: alowance is no field; known are allowance, id, "),
        ("- {id: a, allowance: 3}\n- {id: a, allowance: 4}", "plan 2: the id 'a' is there twice"),
        ("- {id: a, allowance: 3, prices: []}", r"plan a: prices is \[\]; write a list of rules"),
        ("- {id: a, allowance: 3, prices: {tokens: 1}}", "plan a: prices is .*; write a list of rules"),
        ("- {id: a, allowance: 3, prices: [1]}", "plan a: price 1 is 1; fields are wanted"),
        ("- {id: a, allowance: 3, prices: [{}]}", "plan a: price 1: tokens is None"),
        ("- {id: a, allowance: 3, prices: [{tokens: -1}]}", "plan a: price 1: tokens is -1"),
        ("- {id: a, allowance: 3, prices: [{tokens: 1, above: 3}]}", "plan a: price 1: above is no field"),
        ("- {id: a, allowance: 3, prices: [{tokens: 1, above_steps: 1.5}]}", r"above_steps is 1\.5; write a whole"),
        ("- {id: a, allowance: 3, prices: [{tokens: 1, above_megapixels: .nan}]}", "above_megapixels is nan"),
        ("- {id: a, allowance: 3, prices: [{tokens: 1, above_megapixels: -2}]}", "above_megapixels is -2"),
        ("- {id: a, allowance: 3, prices: [{tokens: 1, above_megapixels: true}]}", "above_megapixels is True"),
        ("- {id: a, allowance: 3, prices: [{tokens: 1, families: flux}]}", "families is 'flux'; write a list"),
        ("- {id: a, allowance: 3, prices: [{tokens: 1, families: [1]}]}", r"families is \[1\]; write a list"),
        ("- {id: a, allowance: 3", "can't be read: .*line 1"),
        ("- !!python/object/apply:os.getcwd []", "can't be read: could not determine a constructor"),
        (b"- \xff\xfe", "can't be read: "),
        ("a: &a [*a]", "a list of plans is wanted"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_it(use_plans, text, says):
    path = use_plans(text)
    with pytest.raises(UnknownPlan, match=says) as refused:
        plans()
    assert str(refused.value).startswith(f"the plans {path}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_file_that_is_none_is_refused(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("TAGLOOM_PLANS", str(tmp_path if kind == "folder" else tmp_path / "none.yaml"))
    with pytest.raises(UnknownPlan, match=f"^the plans {tmp_path}.* can't be read"):
        plans()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "allowance", "period", "prices", "tokens", "families", "x"]), inner)
    ),
    max_leaves=5,
)


@given(JSON)
def test_whatever_the_file_holds_is_read_or_refused(rows):
    try:
        read = read_plans(rows)
    except UnknownPlan as refused:
        assert refused.code == "wallet-plan"
    else:
        assert all(0 <= found.allowance <= MOST for found in read.values())
