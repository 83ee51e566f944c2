from __future__ import annotations

import pytest

from tagloom.wallet import Plan, UnknownPlan, image_tokens, plan, plans


@pytest.mark.parametrize(
    ("plan_id", "expected"),
    [("free", Plan("free", "Free", 20)), ("fl_plus", Plan("fl_plus", "FL+", 200))],
)
def test_the_specification_s_plans(plan_id, expected):
    assert plan(plan_id) == expected


def test_plans_are_kept_by_their_ids():
    assert {plan_id: found.id for plan_id, found in plans().items()} == {"free": "free", "fl_plus": "fl_plus"}


@pytest.mark.parametrize("plan_id", ["", "Free", "gold"])
def test_an_unknown_plan_is_refused_with_the_known_ones(plan_id):
    with pytest.raises(UnknownPlan, match="known are free, fl_plus"):
        plan(plan_id)


@pytest.mark.parametrize(("images", "price"), [(0, 0), (1, 1), (4, 4), (1000, 1000)])
def test_one_image_token_pays_for_one_image(images, price):
    assert image_tokens(images) == price


def test_a_negative_number_of_images_has_no_price():
    with pytest.raises(ValueError, match="-1 images"):
        image_tokens(-1)
