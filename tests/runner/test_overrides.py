"""Values of the user's in graphs: where they go, what they become, and what is refused."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagloom.runner.errors import NotRunnable, UsageError
from tagloom.runner.graph import aliases
from tagloom.runner.graph.convert import to_api
from tagloom.runner.graph.given import given as values_given
from tagloom.runner.graph.mirror import mirrored
from tagloom.runner.graph.nodes import Nodes, Place
from tagloom.runner.graph.overrides import override
from tagloom.runner.graph.own_nodes import with_own
from tagloom.runner.graph.texts import seeded
from tagloom.runner.graph.workflows import shipped, shipped_names

from .plain_graph import node, plain, two_passes

NOW = datetime(2026, 1, 2)


def changed(graph, schemas, **values):
    return {f"{place.node_id}.{place.name}": value for place, value in override(graph, values, schemas.get).changes}


@pytest.mark.parametrize(
    ("selector", "place"),
    [
        ("3.seed", "3.seed"),
        ("KSampler.seed", "3.seed"),
        ("First pass.seed", "3.seed"),
        ("first PASS.seed", "3.seed"),
        ("seed", "3.seed"),
        ("positive", "6.text"),
        ("negative", "7.text"),
        ("Wanted.text", "6.text"),
        ("checkpoint", "4.ckpt_name"),
        ("ckpt_name", "4.ckpt_name"),
        ("sampler", "3.sampler_name"),
        ("width", "5.width"),
        ("batch", "5.batch_size"),
        ("prefix", "9.filename_prefix"),
    ],
)
def test_an_input_is_found_by_node_class_title_or_short_name(schemas, selector, place):
    values = {"seed": 1, "text": "x", "ckpt_name": "tagloom-tiny", "sampler_name": "euler", "filename_prefix": "x"}
    value = values.get(place.partition(".")[2], 64)
    assert list(changed(plain(), schemas, **{selector: value})) == [place]


@pytest.mark.parametrize(
    ("selector", "given_value", "value"),
    [
        ("steps", "30", 30),
        ("steps", 30.0, 30),
        ("steps", "3e1", 30),
        ("cfg", "4", 4.0),
        ("seed", str(2**64 - 1), 2**64 - 1),
        ("positive", "null", "null"),
        ("positive", "a\r\nb", "a\nb"),
        ("positive", 7, "7"),
        ("sampler", "EULER", "euler"),
        ("sampler", "Euler a", "euler_ancestral"),
        ("scheduler", "SGM Uniform", "sgm_uniform"),
        ("checkpoint", "Tagloom-Tiny", "tagloom-tiny.safetensors"),
    ],
)
def test_a_value_becomes_what_the_schema_says(schemas, selector, given_value, value):
    ((_, found),) = changed(plain(), schemas, **{selector: given_value}).items()
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("selector", "value", "told"),
    [
        ("steps", "many", r"node 3 \(First pass\): steps: 'many' is no INT; give a whole number"),
        ("steps", "2.5", "no INT"),
        ("steps", True, "no INT"),
        ("steps", 0, "out of range; it must lie between 1 and 10000"),
        ("cfg", "nan", "no FLOAT"),
        ("cfg", "101", "out of range"),
        ("cfg", 10**400, "no FLOAT"),
        ("seed", 10**400, "out of range"),
        ("steps", None, "null is not"),
        ("scheduler", "normall", "did you mean normal?"),
        ("checkpoint", "other.safetensors", "none of its choices"),
        ("3.model", "x", "takes a link"),
    ],
)
def test_a_value_that_the_server_would_refuse_is_refused(schemas, selector, value, told):
    with pytest.raises(NotRunnable, match=told):
        override(plain(), {selector: value}, schemas.get)


def test_all_bad_values_are_told_at_once(schemas):
    with pytest.raises(NotRunnable) as raised:
        override(plain(), {"steps": "x", "cfg": "y"}, schemas.get)
    assert [(fault.node, fault.input) for fault in raised.value.faults] == [("3", "steps"), ("3", "cfg")]


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        (
            "seed",
            r"any of 2 inputs: node 3 \(First pass\): seed = 5; node 10 \(Second pass\): seed = 6; write 3.seed or",
        ),
        ("KSampler.seed", "any of 2 inputs"),
        ("stepz", "did you mean steps"),
        ("KSampler.stepz", "has no input 'stepz'; did you mean steps"),
        ("Ksamplr.steps", "no node is called 'Ksamplr'; did you mean KSampler"),
        ("latent_image", "no input 'latent_image'"),
    ],
)
def test_what_is_not_certain_is_refused_with_the_candidates(schemas, selector, told):
    with pytest.raises(UsageError, match=told):
        override(two_passes(), {selector: 1}, schemas.get)


def test_a_pattern_means_all_nodes_that_it_fits(schemas):
    assert changed(two_passes(), schemas, **{"* pass.steps": 8}) == {"3.steps": 8, "10.steps": 8}


def test_an_id_wins_over_a_title(schemas):
    graph = plain()
    graph["6"]["_meta"]["title"] = "7"
    assert changed(graph, schemas, **{"7.text": "x"}) == {"7.text": "x"}


def test_a_size_sets_both_sides(schemas):
    assert changed(plain(), schemas, size="832x1216") == {"5.width": 832, "5.height": 1216}
    assert changed(plain(), schemas, **{"EmptyLatentImage.size": "832x1216"}) == {"5.width": 832, "5.height": 1216}
    with pytest.raises(UsageError, match="size: size '832' is not WIDTHxHEIGHT"):
        override(plain(), {"size": "832"}, schemas.get)


def test_a_sampler_s_name_brings_its_schedule_unless_one_is_given(schemas):
    named = "DPM++ 2M Karras"
    assert changed(plain(), schemas, sampler=named) == {"3.sampler_name": "dpmpp_2m", "3.scheduler": "karras"}
    both = changed(plain(), schemas, sampler=named, scheduler="simple")
    assert both == {"3.sampler_name": "dpmpp_2m", "3.scheduler": "simple"}
    assert changed(plain(), schemas, scheduler="simple", sampler=named) == both


def test_a_link_is_followed_to_a_constant(schemas):
    primitive = {"input": {"required": {"value": ["INT", {}]}}, "output": ["INT"]}
    graph = plain() | {"20": node("PrimitiveInt", value=20)}
    graph["3"]["inputs"]["steps"] = ["20", 0]
    assert changed(graph, schemas | {"PrimitiveInt": primitive}, steps=8) == {"20.value": 8}


def test_a_link_is_replaced_only_where_the_user_names_the_node(schemas):
    graph = plain()
    graph["3"]["inputs"]["seed"] = ["5", 0]
    with pytest.raises(UsageError, match=r"seed is linked .*write 3.seed to put a value in the link's place"):
        override(graph, {"seed": 1}, schemas.get)
    done = override(graph, {"3.seed": 1}, schemas.get)
    assert done.graph["3"]["inputs"]["seed"] == 1
    assert done.notes == ("node 3 (First pass): seed no longer comes from node 5 (Empty Latent Image)",)


def test_one_text_for_both_prompts_is_certain_for_the_positive_one_only(schemas):
    graph = plain()
    graph["7"] = node("ConditioningZeroOut", conditioning=["6", 0])
    assert changed(graph, schemas, positive="x") == {"6.text": "x"}
    with pytest.raises(UsageError, match="no input 'negative'"):
        override(graph, {"negative": "x"}, schemas.get)


def test_the_given_graph_is_not_changed(schemas):
    graph = plain()
    override(graph, {"steps": 3}, schemas.get)
    assert graph == plain()


def test_a_file_in_a_folder_of_the_server_may_be_named(schemas):
    """The server lists only those that lie in its input folder itself."""
    graph = plain() | {"20": node("LoadImage", image="x.png"), "21": node("PreviewImage", images=["20", 0])}
    assert changed(graph, schemas, image="tagloom/a/b.png") == {"20.image": "tagloom/a/b.png"}
    with pytest.raises(NotRunnable, match="give a file of yours: --set image=FILE"):
        override(graph, {"image": "b.png"}, schemas.get)


def test_a_list_is_wrapped_so_that_it_is_no_link(schemas):
    graph = plain() | {"20": node("Other", names=[1])}
    assert changed(graph, schemas, **{"20.names": ["a", 0]}) == {"20.names": {"__value__": ["a", 0]}}


def test_an_input_of_an_unknown_class_keeps_its_type(schemas):
    graph = plain() | {"20": node("Other", strength=1.5, on=True, text="t", count=2)}
    values = {"20.strength": "2", "20.on": "false", "20.text": "3", "20.count": "4"}
    assert list(changed(graph, schemas, **values).values()) == [2.0, False, "3", 4]


def test_sources_are_heeded_by_their_strength(tmp_path):
    file = tmp_path / "values.yaml"
    file.write_text("steps: 2\ncfg: 2\nKSampler:\n  denoise: 0.5\n", encoding="utf-8")
    environment = {"TAGLOOM_SET_STEPS": "1", "TAGLOOM_SET_CFG": "1", "TAGLOOM_SET_SEED": "1", "PATH": "x"}
    found = values_given(["steps=3", "positive=a=b"], str(file), environment)
    assert found == {"seed": "1", "cfg": 2, "KSampler.denoise": 0.5, "steps": "3", "positive": "a=b"}
    assert [*found][-2:] == ["steps", "positive"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- 1", "holds no names with values"),
        ("a: [", "line 1 is neither JSON nor YAML"),
        ("a: !!python/object/apply:os.system [ls]", "neither JSON nor YAML"),
        ("a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "\n".join(f"b{n}: &b{n} [*a,*a]" for n in range(3)), ""),
        (
            "a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)),
            "more than 100,000 values",
        ),
        ("[" * 5000, "nested too deeply|neither"),
    ],
)
def test_a_file_of_values_is_read_safely(tmp_path, text, told):
    file = tmp_path / "values.yaml"
    file.write_text(text, encoding="utf-8")
    if not told:
        assert values_given([], str(file), {})
        return
    with pytest.raises(UsageError, match=told):
        values_given([], str(file), {})


@pytest.mark.parametrize("setting", ["steps", "=3", " =3"])
def test_a_setting_has_a_name_and_a_value(setting):
    with pytest.raises(UsageError, match="is not NAME=VALUE"):
        values_given([setting], None, {})


def test_a_title_can_t_write_to_the_terminal(schemas):
    graph = plain()
    graph["3"]["_meta"]["title"] = "\x1b]0;x\x07evil\n"
    with pytest.raises(NotRunnable) as raised:
        override(graph, {"3.steps": "x"}, schemas.get)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("name", shipped_names())
def test_every_declared_name_leads_somewhere(schemas, name):
    document = shipped(name)
    nodes = Nodes(to_api(document, schemas.get), schemas.get)
    found = aliases.declared(document, nodes)
    assert {alias: len(places) for alias, places in found.items()} == {
        alias: len(pairs) for alias, pairs in document["extra"]["tagloom"]["inputs"].items()
    }


def _values(draw, nodes: Nodes) -> dict[str, object]:
    """Draw values for some of a graph's inputs, linked ones too."""
    places = [
        (Place(node_id, name), spec)
        for node_id in nodes.graph
        for name, spec in nodes.specs(node_id).items()
        if spec.kind in ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO") and spec.is_value and not spec.upload
    ]
    kinds = {"STRING": st.text(st.characters(codec="utf-8"), max_size=8), "BOOLEAN": st.booleans()}
    values: dict[str, object] = {}
    for place, spec in draw(st.lists(st.sampled_from(places), max_size=6, unique_by=lambda entry: entry[0])):
        low, high = (spec.options.get(end, fallback) for end, fallback in (("min", 0), ("max", 64)))
        ranges = {"INT": st.integers(low, min(high, low + 99)), "FLOAT": st.floats(low, min(high, low + 9))}
        choices = {"COMBO": st.sampled_from(spec.choices)} if spec.choices else {}
        strategy = (kinds | (ranges if spec.kind in ("INT", "FLOAT") else {}) | choices).get(spec.kind)
        if strategy is not None:
            values[f"{place.node_id}.{place.name}"] = draw(strategy)
    return values


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_mirrored_document_gives_the_overridden_graph(schemas, data):
    document = shipped(data.draw(st.sampled_from(shipped_names())))
    known = with_own(schemas.get)
    graph = to_api(document, known, seeded(0), NOW)
    done = override(graph, _values(data.draw, Nodes(graph, known)), known)
    assert to_api(mirrored(document, done.changes, known), known, seeded(0), NOW) == done.graph
    assert json.loads(json.dumps(document)) == document
