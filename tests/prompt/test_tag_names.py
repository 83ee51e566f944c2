from __future__ import annotations

import importlib
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt.errors import TagListError
from tagloom.prompt.tags.completion import complete
from tagloom.prompt.tags.name_files import E621, ListedName, package_lists, read_csv
from tagloom.prompt.tags.names import NameStore, TagList, import_csv

DANBOORU_CSV = '''1girl,0,6008644,"1girls,sole_female"
hatsune_miku,4,106634,/hm
vocaloid,3,156791,"/vo,vocaloid_2,vocaloid_3"
star_(symbol),0,237573,
re:zero_kara_hajimeru_isekai_seikatsu,3,12000,"re:zero,rezero"
"say_""hi""",0,30,
score_9,5,,
hat,0,10,
'''


@pytest.fixture
def store(tmp_path):
    with NameStore(tmp_path / "tags.sqlite3") as store:
        yield store


@pytest.fixture
def write(tmp_path):
    def write(text: str, name: str = "list.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a package of the same layout as tipo-kgen 0.3.1, which must not be imported."""

    def make(version: str = "0.3.1", artist: str = "itaru (kidomh63)\r\nniwaka\r\n") -> None:
        folder = tmp_path / "site"
        lists = folder / "kgen" / "tag-list"
        lists.mkdir(parents=True, exist_ok=True)
        (folder / "kgen" / "__init__.py").write_text("raise AssertionError('imported')", encoding="utf-8")
        for old in folder.glob("*.dist-info"):
            (old / "METADATA").unlink()
            old.rmdir()
        about = folder / f"tipo_kgen-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tipo-kgen\nVersion: {version}\n", "utf-8")
        (lists / "artist.txt").write_bytes(artist.encode())
        (lists / "characters.txt").write_bytes(b"march 7th (honkai: star rail)\r\nhatsune miku\r\n\r\n")
        (lists / "copyrights.txt").write_bytes(b"honkai: star rail\r\n.hack//\r\n")
        (lists / "meta.txt").write_bytes(b"highres\r\n")
        monkeypatch.syspath_prepend(str(folder))
        importlib.invalidate_caches()

    return make


def test_an_imported_list_is_found(store, write):
    assert store.import_csv(write(DANBOORU_CSV)) == TagList("list.csv", "", 14)
    assert store.find("hatsune miku") == ("hatsune miku", "character", 106634, "hatsune miku")
    assert store.find("vocaloid 2") == ("vocaloid 2", "copyright", 156791, "vocaloid")
    assert store.find("re:zero") == ("re:zero", "copyright", 12000, "re:zero kara hajimeru isekai seikatsu")
    assert store.find('say "hi"') == ('say "hi"', "general", 30, 'say "hi"')
    assert store.find("score_9") == ("score_9", "meta", None, "score_9")
    assert store.find("/hm") is None
    assert store.find("hatsune_miku") is None


def test_a_prefix_finds_the_commonest_first_and_each_tag_once(store, write):
    store.import_csv(write(DANBOORU_CSV))
    assert [name.canonical for name in store.prefix("ha")] == ["hatsune miku", "hat"]
    assert [name.canonical for name in store.prefix("hat")] == ["hat", "hatsune miku"]
    assert [name.name for name in store.prefix("vocaloid")] == ["vocaloid"]
    assert [name.canonical for name in store.prefix("vocaloid_")] == []
    assert [name.canonical for name in store.prefix("", most=2)] == ["1girl", "star (symbol)"]
    assert store.prefix("zzz") == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("header", ["", "name,type,count,aliases\n", "tag,category,count,alias\n"])
def test_forms_of_a_file(store, write, encoding, ending, header):
    text = (header + "初音ミク,4,5,\nhat,0\n\ncat,0,7\n").replace("\n", ending)
    assert store.import_csv(write(text, encoding=encoding)).names == 3
    assert store.find("初音ミク") == ("初音ミク", "character", 5, "初音ミク")
    assert store.find("hat") == ("hat", "general", None, "hat")


def test_types_of_e621(store, write):
    path = write("canine,5,100,\nlore_(lore),8,5,\n", "e621.csv")
    with pytest.raises(TagListError, match="line 2: type 8 is unknown; known are 0 general"):
        store.import_csv(path)
    store.import_csv(path, E621)
    assert [store.find(name).kind for name in ("canine", "lore (lore)")] == ["species", "lore"]


def test_a_kind_that_does_not_exist(store, write):
    with pytest.raises(TagListError, match="no kind of tag: colour; kinds are general"):
        store.import_csv(write("a,0,1,"), {0: "colour"})


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("hat", "has 1 columns"),
        ("a,0,1,b,c", "has 5 columns"),
        (",0,1,", "the name is empty"),
        ("a,x,1,", "the type 'x' is no number"),
        ("a,9,1,", "type 9 is unknown"),
        ("a,0,many,", "the count 'many' is no number"),
        ("a,0,-1,", "the count '-1' is no number"),
        ("a,0,٣,", "is no number"),
        ("a,0,99999999999999999999,", "is no number"),
        ('a,0,1,"b', "unexpected end of data"),
        ('a,0,1,"b"c', "',' expected after '\"'"),
        ("a" * 600 + ",0,1,", "the name is no tag"),
        ("a\0b,0,1,", ""),
    ],
)
def test_a_broken_line_is_told_and_nothing_is_imported(store, write, line, what):
    store.import_csv(write("old,0,1,\n"))
    with pytest.raises(TagListError, match=r"list\.csv, line 3: ") as caught:
        store.import_csv(write(f"new,0,1,\nnewer,0,1,\n{line}\n"))
    assert what in str(caught.value)
    assert store.find("old") is not None
    assert store.find("new") is None
    assert store.lists() == (TagList("list.csv", "", 1),)


def test_files_that_cannot_be_read(store, write, tmp_path):
    with pytest.raises(TagListError, match=r"can't read .*gone\.csv: No such file"):
        store.import_csv(tmp_path / "gone.csv")
    with pytest.raises(TagListError, match="not UTF-8"):
        store.import_csv(write("caf\xe9,0,1,\n", encoding="latin-1"))
    assert store.lists() == ()


def test_importing_again_replaces_the_list_and_no_other(store, write):
    store.import_csv(write("a,0,1,\nb,0,1,\n"))
    store.import_csv(write("c,0,1,\n", "other.csv"))
    store.import_csv(write("b,0,2,\n"))
    assert store.lists() == (TagList("list.csv", "", 1), TagList("other.csv", "", 1))
    assert store.find("a") is None
    assert store.find("b").pictures == 2
    assert store.find("c") is not None


def test_a_list_can_be_removed(store, write):
    store.import_csv(write("a,0,1,\n"))
    assert store.remove("list.csv")
    assert not store.remove("list.csv")
    assert store.find("a") is None
    assert store.lists() == ()


def test_a_tag_s_own_name_wins_over_another_tag_s_spelling(store, write):
    store.import_csv(write("cat,0,900,neko\nneko,3,5,\n"))
    assert store.find("neko") == ("neko", "copyright", 5, "neko")


def test_reading_makes_no_file(tmp_path):
    path = tmp_path / "folder" / "tags.sqlite3"
    with NameStore(path) as store:
        assert (store.find("a"), store.prefix("a"), store.lists()) == (None, (), ())
    assert not path.parent.exists()


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "tags.sqlite3"
    path.write_text("not a database" * 100, encoding="utf-8")
    with NameStore(path) as store, pytest.raises(TagListError, match="delete that file to start anew"):
        store.find("a")


def test_a_file_of_another_layout_is_made_anew(tmp_path, write):
    path = tmp_path / "tags.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE names (other)")
    connection.close()
    import_csv(write("a,0,1,\n"), path)
    with NameStore(path) as store:
        assert store.find("a") is not None


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "%", "_", "*", "'", '"', "a" * 100_000, chr(0x10FFFF)])
def test_any_text_may_be_looked_for(store, write, text):
    store.import_csv(write("hat,0,1,\n"))
    assert store.find(text) is None
    assert store.prefix(text) == ()


def test_the_package_s_lists(store, package):
    package()
    assert package_lists().version == "0.3.1"
    assert store.add_package() == TagList("tipo-kgen", "0.3.1", 7)
    assert "kgen" not in sys.modules
    assert store.find("honkai: star rail") == ("honkai: star rail", "copyright", None, "honkai: star rail")
    assert [name.name for name in store.prefix("h")] == ["hatsune miku", "highres", "honkai: star rail"]


def test_the_package_s_lists_are_read_once_a_version(store, package):
    package()
    store.add_package()
    package(artist="someone else\r\n")
    assert store.add_package().names == 7
    package(version="0.4.0", artist="someone else\r\n")
    assert store.add_package() == TagList("tipo-kgen", "0.4.0", 6)
    assert store.find("niwaka") is None
    assert store.find("someone else") is not None


def test_without_the_package_there_are_no_lists_of_it(store, monkeypatch):
    monkeypatch.setattr("tagloom.prompt.tags.name_files.PACKAGE", "tagloom-no-such-package")
    assert package_lists() is None
    assert store.add_package() is None


def test_counted_names_come_before_uncounted_ones(store, package, write):
    package()
    store.add_package()
    store.import_csv(write("hatsune_miku,4,5,\nhigh,0,3,\n"))
    assert [(name.name, name.pictures) for name in store.prefix("h")] == [
        ("hatsune miku", 5),
        ("high", 3),
        ("highres", None),
        ("honkai: star rail", None),
    ]


def test_many_threads_may_search_while_one_imports(store, write):
    path = write("".join(f"tag_{number},0,{number + 1},\n" for number in range(3000)))
    store.import_csv(path)
    wrong: list[object] = []

    def search() -> None:
        for number in range(0, 3000, 100):
            if store.find(f"tag {number}").pictures != number + 1 or len(store.prefix("tag", 5)) != 5:
                wrong.append(number)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    store.import_csv(path)
    for thread in threads:
        thread.join()
    assert wrong == []


def test_among_very_many_names_the_commonest_are_found(store, write):
    """More than are sorted: the other way of searching must give the same."""
    store.import_csv(write("".join(f"tag_{number},0,{number + 1},\n" for number in range(5000))))
    assert [name.pictures for name in store.prefix("ta", 3)] == [5000, 4999, 4998]
    assert [name.pictures for name in store.prefix("tag 12", 3)] == [13, 1300, 1299]


names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="_\\,"), min_size=1, max_size=8)


@settings(max_examples=30)
@given(st.dictionaries(names, st.integers(0, 9), max_size=20), names)
def test_a_prefix_gives_what_a_search_of_every_name_gives(tmp_path_factory, counts, text):
    folder = tmp_path_factory.mktemp("names")
    path = folder / "list.csv"
    quoted = {name.replace('"', '""'): count for name, count in counts.items()}
    path.write_text("".join(f'"{name}",0,{count},\n' for name, count in quoted.items() if name.split()), "utf-8")
    listed = {listed.name: listed.pictures for listed in read_csv(path)}
    with NameStore(folder / "tags.sqlite3") as store:
        store.import_csv(path)
        found = [name.name for name in store.prefix(text, 50)]
        assert all(store.find(name).name == name for name in listed)
    assert sorted(found) == sorted(name for name in listed if name.startswith(text))
    assert found[:1] == [text] or text not in listed


def test_a_line_as_it_is_read(write):
    lines = list(read_csv(write('Blue_Hair,0,5,"blue__hair,BLUE HAIR, bluehair ,,/blueh"\n')))
    assert lines == [ListedName("blue hair", "general", 5, ("bluehair",))]


def test_completing_takes_the_vocabulary_first(store, write):
    store.import_csv(write("long_hair,0,900,\nlong_horse,4,5,\nlongcat_(meme),0,7,\n"))
    found = complete("Long_h", 5, store)
    assert found[0] == ("long hair", "body", None)
    assert ("long horse", "character", 5) in found
    assert [one.name for one in complete("longcat", 5, store)] == ["longcat (meme)"]
    assert complete("longcat", 5) == ()
    assert len(complete("l", 7, store)) == 7


def test_the_library_starts_without_sqlite():
    code = "import sys, tagloom.prompt, tagloom.prompt.tags.names; sys.exit('sqlite3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
