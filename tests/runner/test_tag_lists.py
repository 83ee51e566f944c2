from __future__ import annotations

import json

import pytest

from tagloom.prompt.errors import TagListError
from tagloom.runner import tag_lists
from tagloom.runner.errors import UsageError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Keep the lists apart, and the extra's out, whether it is installed here or not."""
    monkeypatch.setenv("TAGLOOM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tagloom.prompt.tags.name_files.PACKAGE", "tagloom-no-such-package")
    return tmp_path / "home"


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "danbooru.csv"
    path.write_text("hatsune_miku,4,106634,miku\nlong_hair,0,4350743,longhair\nlong_horse,4,7,\n", encoding="utf-8")
    return path


def test_an_imported_list_is_searched(home, listed):
    imported = tag_lists.import_list(listed)
    assert tag_lists.imported_text(imported) == (
        f"imported 5 names and spellings from danbooru.csv; they are kept in {home.resolve() / 'tags.sqlite3'}"
    )
    assert tag_lists.search_text(tag_lists.search("Hatsune_M")) == "hatsune miku  character  106,634"
    assert [one.name for one in tag_lists.search("long h")] == ["long hair", "long horse"]


def test_without_lists_the_vocabulary_is_searched_and_no_file_is_made(home):
    assert tag_lists.search("thighhi")[0] == ("thighhighs", "clothing", None)
    assert tag_lists.search("zzzzzz") == ()
    assert tag_lists.search_text(()) == "nothing begins so"
    assert not home.exists()


@pytest.mark.parametrize("most", [1, 5])
def test_so_many_at_most(most):
    assert len(tag_lists.search("l", most)) == most


def test_what_is_known_of_a_tag(listed):
    tag_lists.import_list(listed)
    found = tag_lists.info("Long_Hair")
    assert (found.name, found.group, found.subgroup, found.kind) == ("long hair", "body", "hair length", "general")
    assert found.pictures == 4350743
    assert "short hair" in found.conflicts
    lines = found.text().splitlines()
    assert lines[0] == "long hair"
    assert "- pictures: 4,350,743" in lines
    assert json.loads(json.dumps(found.as_json()))["subgroup"] == "hair length"


def test_what_is_known_of_another_spelling():
    found = tag_lists.info("black thigh-highs")
    assert found.text().splitlines()[0] == "black thigh-highs is written black thighhighs"
    assert found.implied == ("thighhighs",)
    assert "black stockings" in found.spellings


def test_what_is_known_of_names(listed):
    tag_lists.import_list(listed)
    assert tag_lists.info("miku").text() == "miku is written hatsune miku\n- kind: character\n- pictures: 106,634"
    assert tag_lists.info("nier:automata").text() == "nier:automata\n- kind: copyright"
    assert tag_lists.info("no such tag") is None


def test_many_contradictions_are_cut_in_words_only():
    found = tag_lists.info("blonde hair")
    assert len(found.conflicts) > tag_lists.SHOWN_CONFLICTS
    line = found.text().splitlines()[-1]
    assert line.startswith("- contradicts: ")
    assert line.endswith(f"and {len(found.conflicts) - tag_lists.SHOWN_CONFLICTS} more")


def test_wrong_imports(tmp_path, listed):
    with pytest.raises(UsageError, match="no numbering 'booru' of tag types; there are danbooru, e621"):
        tag_lists.import_list(listed, "booru")
    with pytest.raises(TagListError, match="can't read"):
        tag_lists.import_list(tmp_path / "gone.csv")
    listed.write_text("dog,8,5,\n", encoding="utf-8")
    with pytest.raises(TagListError, match="line 1: type 8 is unknown"):
        tag_lists.import_list(listed)
    assert tag_lists.import_list(listed, "e621").names == 1
