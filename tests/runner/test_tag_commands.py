"""`tagloom tags ...`: lists of names are imported, searched and looked up, and count in prompts from then on."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

from tagloom.prompt.syntax import parse, parse_tags
from tagloom.prompt.tags import use_names
from tagloom.prompt.tags.lists import names_in_use
from tagloom.runner import places, tag_lists
from tagloom.runner.cli import main

CSV = """name,type,count,aliases
nova_vex_(echo:static),4,1200,"nova vex,/nv"
echo:static,3,5400,
thighhi_gremlins,0,31,
"""
NAME = "nova vex (echo:static)"
"""A made-up name that A1111 and ComfyUI read as a tag and `(static:...)` of some weight."""


@pytest.fixture(autouse=True)
def no_package(home, monkeypatch):
    """Keep the extra's names out, whether it is installed here or not."""
    monkeypatch.setattr("tagloom.prompt.tags.name_files.PACKAGE", "tagloom-no-such-package")
    monkeypatch.setattr("tagloom.prompt.tags.name_files.MODULE", "tagloom_no_such_module")


@pytest.fixture
def listed(tmp_path) -> Path:
    path = tmp_path / "echo.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of tipo-kgen's layout and a name of its own, which must not be imported."""
    folder = tmp_path / "site"
    (folder / "fakegen" / "tag-list").mkdir(parents=True)
    (folder / "fakegen" / "__init__.py").write_text("raise AssertionError('imported')", encoding="utf-8")
    (folder / "fakegen" / "tag-list" / "artist.txt").write_text("zquill (ink:wash)\nzquillon\n", encoding="utf-8")
    (folder / "fakegen" / "tag-list" / "characters.txt").write_text("zquilla vane\n", encoding="utf-8")
    about = folder / "tagloom_fake_names-2.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tagloom-fake-names\nVersion: 2.1\n", "utf-8")
    monkeypatch.setattr("tagloom.prompt.tags.name_files.PACKAGE", "tagloom-fake-names")
    monkeypatch.setattr("tagloom.prompt.tags.name_files.MODULE", "fakegen")
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()


def names(text: str) -> list[str]:
    return [tag.name for tag in parse_tags(text, "a1111")]


def test_an_import_tells_where_the_names_are_kept(ask, home, listed):
    told = ask("tags", "import", str(listed))
    database = home.resolve() / "tags.sqlite3"
    assert told.code == 0
    assert told.text == f"imported 4 names and spellings from echo.csv; they are kept in {database}\n"
    assert told.event == {"type": "imported", "name": "echo.csv", "version": "", "names": 4, "database": str(database)}
    assert database.is_file()


def test_importing_again_replaces_the_list(ask, listed):
    ask("tags", "import", str(listed))
    listed.write_text("nova_vex_the_second,4,10,\n", encoding="utf-8")
    assert "imported 1 name from echo.csv;" in ask("tags", "import", str(listed)).text
    assert [tag["name"] for tag in ask("tags", "search", "nova vex").event["tags"]] == ["nova vex the second"]
    assert ask("tags", "info", "echo:static").code == 1


def test_lists_of_other_names_stay(ask, listed, tmp_path):
    ask("tags", "import", str(listed))
    (tmp_path / "more.csv").write_text("nova_vexillum,0,99999,\n", encoding="utf-8")
    ask("tags", "import", str(tmp_path / "more.csv"))
    found = ask("tags", "search", "nova vex").event["tags"]
    assert [tag["name"] for tag in found] == [NAME, "nova vexillum"]  # it is a spelling of the first, letter by letter


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (b"good_one,0,5,\nbroken\n", ["line 2", "has 1 columns", "are wanted"]),
        (b"good_one,0,5,\nbad,22,5,\n", ["line 2", "type 22 is unknown", "4 character"]),
        (b"good_one,0,5,\nbad,0,many,\n", ["line 2", "the count 'many' is no number"]),
        (b"good_one,0,5,\n,0,5,\n", ["line 2", "the name is empty"]),
        (b'good_one,0,5,\n"bad,0,5,\n', ["line 2"]),
        (b"good_one,0,5,\ncaf\xe9,0,5,\n", ["is not UTF-8 text"]),
    ],
)
def test_a_broken_line_imports_nothing(ask, listed, contents, words):
    ask("tags", "import", str(listed))
    listed.write_bytes(contents)
    told = ask("tags", "import", str(listed))
    assert told.code == 2
    assert all(word in told.notes for word in [str(listed), *words])
    assert [tag["name"] for tag in ask("tags", "search", "nova vex").event["tags"]] == [NAME]
    assert ask("tags", "info", "good one").code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import"], ["FILE.csv", "tagloom tags import --help"]),
        (["import", "gone.csv"], ["can't read gone.csv", "No such file"]),
        (["import", "."], ["can't read .", "directory"]),
        (["import", "gone.csv", "--types", "gelbooru"], ["gelbooru", "danbooru, e621"]),
        (["search"], ["PREFIX"]),
        (["search", "x", "--most", "0"], ["--most is 0", "at least 1"]),
        (["search", "x", "--most", "few"], ["--most", "few"]),
        (["info"], ["NAME"]),
        (["list"], ["list", "import"]),
    ],
    ids=" ".join,
)
def test_bad_usage_is_one_line_and_exit_code_2(ask, arguments, words):
    told = ask("tags", *arguments)
    assert (told.code, told.event["type"], told.event["code"]) == (2, "error", "usage")
    assert all(word in told.notes for word in words)


def test_the_types_of_another_site_may_be_named(ask, listed):
    listed.write_text("anthro,0,3000000,\ncanis_lupus,5,90000,\n", encoding="utf-8")
    assert ask("tags", "import", str(listed), "--types", "e621").code == 0
    assert ask("tags", "info", "canis lupus").event["tag"]["kind"] == "species"


def test_a_search_lists_vocabulary_and_names(ask, listed):
    ask("tags", "import", str(listed))
    told = ask("tags", "search", "ThighHi", "--most", "50")
    found = tag_lists.search("thighhi", 50)
    assert told.event == {"type": "tags", "tags": [tag._asdict() for tag in found]}
    assert told.text == tag_lists.search_text(found) + "\n"
    assert told.event["tags"][0] == {"name": "thighhighs", "kind": "clothing", "pictures": None}
    assert {"name": "thighhi gremlins", "kind": "general", "pictures": 31} in told.event["tags"]
    assert len(ask("tags", "search", "thighhi", "--most", "2").event["tags"]) == 2


def test_a_search_without_a_result_is_no_failure(ask):
    told = ask("tags", "search", "qqqqqq")
    assert (told.code, told.text, told.event["tags"]) == (0, "nothing begins so\n", [])


def test_what_is_known_of_a_tag(ask):
    told = ask("tags", "info", "black_thigh-highs")
    info = tag_lists.info("black thigh-highs")
    assert (told.code, told.text) == (0, info.text() + "\n")
    assert told.event == {"type": "tag", "tag": json.loads(json.dumps(info.as_json()))}


def test_what_is_known_of_an_imported_name(ask, listed):
    ask("tags", "import", str(listed))
    told = ask("tags", "info", "Nova Vex")
    assert told.text == f"nova vex is written {NAME}\n- kind: character\n- pictures: 1,200\n"
    assert told.event["tag"]["name"] == NAME


def test_an_unknown_tag_fails(ask):
    told = ask("tags", "info", "no such tag")
    assert (told.code, told.text, told.event) == (
        1,
        "nothing is known of 'no such tag'\n",
        {"type": "tag", "tag": None},
    )


def test_an_imported_name_with_syntax_is_kept_as_a_tag(ask, listed):
    text = f"1girl, {NAME}, (hat:1.2)"
    before = ask("prompt", "explain", text)
    assert [segment["weight"] for segment in before.event["parts"][0]["readings"][0]["segments"]] == [1, 1.1, 1, 1.2]
    assert NAME not in names(text)

    ask("tags", "import", str(listed))
    after = ask("prompt", "explain", text)
    assert after.event["parts"][0]["readings"][0]["segments"] == [
        {"text": f"1girl, {NAME}, ", "weight": 1.0},
        {"text": "hat", "weight": 1.2},
    ]
    assert [item["name"] for item in after.event["misreadings"]] == [NAME]
    assert names(text) == ["1girl", NAME, "hat"]
    assert ask("prompt", "convert", text).text == "1girl, nova vex \\(echo:static\\), (hat:1.2)\n"
    assert ask("prompt", "explain", text, "--to-the-letter").event["parts"] == before.event["parts"]


def test_names_of_another_test_are_forgotten():
    """The test before this one imported it; names in use are the whole process's."""
    assert NAME not in names(f"1girl, {NAME}")
    assert parse(NAME, "a1111").kept == ()


def test_an_imported_name_is_no_unknown_tag(ask, listed):
    (before,) = ask("prompt", "check", "thighhi gremlins, 1girl").event["findings"]
    assert "Tagloom knows nothing" in before["message"]
    ask("tags", "import", str(listed))
    assert ask("prompt", "check", "thighhi gremlins, 1girl").event["findings"] == []


def test_the_database_may_lie_elsewhere(ask, home, listed, tmp_path, monkeypatch):
    database = tmp_path / "shared" / "names.sqlite3"
    monkeypatch.setenv("TAGLOOM_TAGS", str(database))
    assert ask("tags", "import", str(listed)).event["database"] == str(database)
    assert database.is_file()
    assert not (home / "tags.sqlite3").exists()
    assert ask("tags", "info", "echo:static").event["tag"]["kind"] == "copyright"
    assert len(ask("prompt", "explain", NAME).event["misreadings"]) == 1
    monkeypatch.delenv("TAGLOOM_TAGS")
    assert ask("prompt", "explain", NAME).event["misreadings"] == []


def test_a_program_s_own_place_gives_way_to_the_user_s(listed, tmp_path, monkeypatch):
    """As in ComfyUI, where the nodes name another file than the command line."""
    tag_lists.import_list(listed)
    file = places.tag_lists()
    use_names(tmp_path / "nothing here")
    assert names_in_use() is None
    monkeypatch.setenv("TAGLOOM_TAGS", str(file))
    use_names(tmp_path / "nothing here")
    assert NAME in names(NAME)
    monkeypatch.setenv("TAGLOOM_TAGS", str(tmp_path / "gone.sqlite3"))
    use_names(file)
    assert NAME not in names(NAME)
    assert not (tmp_path / "gone.sqlite3").exists()


@pytest.mark.parametrize("command", [["tags", "search", "nova"], ["tags", "info", "nova"], ["prompt", "explain", NAME]])
def test_a_file_that_is_no_database_is_named(ask, tmp_path, monkeypatch, command):
    (tmp_path / "notes.txt").write_text("these are no names, " * 100)
    monkeypatch.setenv("TAGLOOM_TAGS", str(tmp_path / "notes.txt"))
    told = ask(*command)
    assert told.code == 2
    assert str(tmp_path / "notes.txt") in told.notes


def test_the_extra_s_names_are_put_in_once(ask, home, package, capsys):
    assert main(["tags", "search", "zquill"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "zquill (ink:wash)  artist",
        "zquilla vane       character",
        "zquillon           artist",
    ]
    assert printed.err == "tagloom: putting the extra's names into the file of lists; this takes some seconds, once\n"
    assert (home / "tags.sqlite3").is_file()
    assert "fakegen" not in sys.modules
    told = ask("tags", "info", "zquilla vane")  # says nothing more of it
    assert told.text == "zquilla vane\n- kind: character\n"
    assert len(ask("prompt", "explain", "zquill (ink:wash)").event["misreadings"]) == 1


def test_the_extra_s_names_are_announced_as_an_event_too(package, capsys):
    assert main(["tags", "info", "zquillon", "--json"]) == 0
    status, tag = map(json.loads, capsys.readouterr().out.splitlines())
    assert (status["type"], tag["type"]) == ("status", "tag")
    assert "once" in status["message"]


def test_without_the_extra_nothing_is_put_in(ask, home):
    assert ask("tags", "search", "zquill").notes == ""
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["import", "search", "info"]),
        (["import"], ["FILE.csv", "--types", "danbooru", "e621", "replaces"]),
        (["search"], ["PREFIX", "--most", "(20)", "--json"]),
        (["info"], ["NAME", "any spelling", "--json"]),
    ],
)
def test_help(capsys, arguments, words):
    with pytest.raises(SystemExit) as caught:
        main(["tags", *arguments, "--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert all(word in text for word in words)
