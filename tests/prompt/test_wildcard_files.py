"""Files of wildcards: what is read of them, which of several counts, and what is wrong with some."""

import os

import pytest

from tagloom.prompt.errors import ChoiceError, UnknownWildcard, WildcardFileError
from tagloom.prompt.tags import use_names
from tagloom.prompt.tags.names import NameStore
from tagloom.prompt.wildcards import WildcardFolders, combinations, expand


def options(folders, name: str) -> list[tuple[str, float, int]]:
    [wildcard] = WildcardFolders(folders).find(name)
    return [tuple(option) for option in wildcard.options()]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"red\nblue\n", [("red", 1.0, 1), ("blue", 1.0, 2)]),
        (b"red\r\nblue\rgreen", [("red", 1.0, 1), ("blue", 1.0, 2), ("green", 1.0, 3)]),
        (b"\xef\xbb\xbfred", [("red", 1.0, 1)]),
        ("Ärmel\n髪\u2028型".encode(), [("Ärmel", 1.0, 1), ("髪\u2028型", 1.0, 2)]),
        (b"# c\n\n  \t\n  red  \n", [("red", 1.0, 4)]),
        (b"2::red\n0.5:: blue\n.5::green\n1::\n", [("red", 2, 1), ("blue", 0.5, 2), ("green", 0.5, 3), ("", 1, 4)]),
        (b"{3::|up|down}\n", [("{3::|up|down}", 1.0, 1)]),
        (b"#compass\n#comment\n# compass\n", [("#compass", 1.0, 1)]),
    ],
)
def test_text_files(content, expected, tmp_path):
    (tmp_path / "x.txt").write_bytes(content)
    assert options(tmp_path, "x") == expected


YAML = """\
clothes:
  hats:
    - beret
    - 2::cap
    - "{straw|top} hat"
    - ''
    -
    - 1234
  one: shoe
  none:
top/level: [a, b]
clothes:
  hats: [later]
"""


def test_yaml_files(tmp_path):
    (tmp_path / "any.yaml").write_text(YAML, encoding="utf-8-sig")
    assert WildcardFolders(tmp_path).names() == ("clothes/hats", "clothes/none", "clothes/one", "top/level")
    assert options(tmp_path, "clothes/hats") == [
        ("beret", 1.0, 3),
        ("cap", 2.0, 4),
        ("{straw|top} hat", 1.0, 5),
        ("", 1.0, 6),
        ("1234", 1.0, 8),
    ]
    assert options(tmp_path, "clothes/one") == [("shoe", 1.0, 9)]
    assert options(tmp_path, "top/level") == [("a", 1.0, 11), ("b", 1.0, 11)]
    with pytest.raises(ChoiceError, match="no options"):
        options(tmp_path, "clothes/none")


def test_a_yaml_list_without_a_name_has_its_files(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "colors.yml").write_text("- red\n- blue\n", encoding="utf-8")
    assert options(tmp_path, "sub/colors") == [("red", 1.0, 1), ("blue", 1.0, 2)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", b"a\nr\xe9d\n", r"x\.txt is not UTF-8 text: see line 2; save it as UTF-8"),
        ("x.txt", "red".encode("utf-16"), "is not UTF-8 text; it looks like UTF-16"),
        ("x.txt", "red".encode("utf-16-le"), "is not UTF-8 text; it looks like UTF-16"),
        ("y.yaml", b"x:\n  - a: b\n  - c\n", r"wildcard 'x' in .*y\.yaml is no list of texts: line 2"),
        ("y.yaml", b"x:\n  - {a|b}\n", "line 2 is no text; put quotes"),
    ],
)
def test_a_wrong_file_is_an_error_where_it_is_used(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.txt").write_text("red", encoding="utf-8")
    assert expand("__good__", 1, tmp_path).text == "red"
    with pytest.raises(WildcardFileError, match=message):
        expand("__x__", 1, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x: [a\n", "is no YAML: .*, line 2; put quotes"),
        (b"x:\n  - {a|b} c\n", "is no YAML: .*line 2"),
        (b"x: &a [b]\ny: *a\n", r"uses an anchor \(\*a\) in line 2"),
        (b"? [a]\n: b\n", "has a name that is no text in line 1"),
        (b"x: " + b"[" * 2000 + b"]" * 2000, "nests more than 100 levels"),
        (b"x: \xff", "is not UTF-8"),
    ],
)
def test_a_broken_yaml_file_hides_its_names_and_says_so(content, message, tmp_path):
    (tmp_path / "y.yaml").write_bytes(content)
    (tmp_path / "good.txt").write_text("red", encoding="utf-8")
    expanded = expand("__good__", 1, tmp_path)
    assert expanded.text == "red"
    assert len(expanded.remarks) == 1
    with pytest.raises(UnknownWildcard, match=message):
        expand("__x__", 1, tmp_path)
    assert expand("no wildcard", 1, tmp_path).remarks == ()


def test_the_first_folder_wins_and_that_is_said(tmp_path):
    for name, text in {"one/x.txt": "first", "two/x.txt": "second", "two/X.yaml": "third", "two/y.txt": "y"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    one, two = tmp_path / "one", tmp_path / "two"
    expanded = expand("__x__ __y__", 1, [one, two])
    assert expanded.text == "first y"
    [remark] = expanded.remarks
    assert remark == f"__x__ is also in {two / 'x.txt'}, {two / 'X.yaml'}; {one / 'x.txt'} comes first"
    assert expand("__x__", 1, [two, one]).text == "second"


def test_names_are_the_same_on_every_system(tmp_path):
    """Case, composed and decomposed letters, and spaces make no difference; hidden files and others are left out."""
    (tmp_path / "Ha\u0308r Color.TXT").write_text("red", encoding="utf-8")
    (tmp_path / ".hidden.txt").write_text("x", encoding="utf-8")
    (tmp_path / "notes.md").write_text("x", encoding="utf-8")
    assert expand("__h\u00e4r_color__", 1, tmp_path).text == "red"
    assert len(WildcardFolders(tmp_path).names()) == 1


def test_the_order_of_the_file_system_makes_no_difference(tmp_path, monkeypatch):
    for number in range(20):
        (tmp_path / f"{number % 3}").mkdir(exist_ok=True)
        (tmp_path / f"{number % 3}" / f"x{number}.txt").write_text(f"a{number}\nb{number}", encoding="utf-8")
    before = [expand("__**__", seed, tmp_path).text for seed in range(50)]
    assert len(set(before)) > 10
    walk = os.walk

    def backwards(*args, **options):
        return ((top, folders, files[::-1]) for top, folders, files in [*walk(*args, **options)][::-1])

    monkeypatch.setattr(os, "walk", backwards)
    assert [expand("__**__", seed, tmp_path).text for seed in range(50)] == before


def test_a_link_that_leads_back_ends(tmp_path):
    (tmp_path / "x.txt").write_text("red", encoding="utf-8")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert WildcardFolders(tmp_path).names() == ("x",)


def test_a_changed_file_is_read_again_unless_the_folders_are_kept(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("red", encoding="utf-8")
    before = WildcardFolders(tmp_path).fingerprint()
    assert WildcardFolders(tmp_path).fingerprint() == before
    path.write_text("blue", encoding="utf-8")
    assert WildcardFolders(tmp_path).fingerprint() != before
    assert expand("__x__", 1, tmp_path).text == "blue"
    (tmp_path / "y.yaml").write_text("z: 1", encoding="utf-8")
    assert expand("__z__", 1, tmp_path).text == "1"


@pytest.fixture
def lists(tmp_path):
    """The file of a list that holds two names with syntax; no list is in use before or after."""
    path, database = tmp_path / "names.csv", tmp_path / "names.sqlite3"
    path.write_text("#quillvex,4,1,\nnova {vex|echo},4,1,\n", encoding="utf-8")
    with NameStore(database) as store:
        store.import_csv(path)
    use_names(tmp_path / "none")
    yield database
    use_names(tmp_path / "none")


def test_names_that_come_into_use_count_at_once(lists, tmp_path):
    folder = tmp_path / "wildcards"
    folder.mkdir()
    (folder / "marked.txt").write_text("red\n#quillvex\n# note\n2::#nn\nblue", encoding="utf-8")
    (folder / "named.txt").write_text("nova {vex|echo}", encoding="utf-8")
    kept = WildcardFolders(folder)
    without = [("red", 1.0, 1), ("#nn", 2.0, 4), ("blue", 1.0, 5)]
    for database, names in ((lists, [("#quillvex", 1.0, 2)]), (tmp_path / "none", [])):
        assert options(folder, "marked") == without
        assert expand("__named__", 1, kept).text in ("nova vex", "nova echo")
        use_names(database)
        assert options(folder, "marked") == sorted([*without, *names], key=lambda option: option[2])
        assert expand("__named__", 1, kept).text == "nova {vex|echo}" or not names
        use_names(tmp_path / "none")


@pytest.mark.parametrize(
    ("pattern", "fitting"),
    [
        ("*", {"a", "ab"}),
        ("a*", {"a", "ab"}),
        ("*b", {"ab"}),
        ("a/*", {"a/b", "a/bc"}),
        ("a/**", {"a/b", "a/bc", "a/b/c"}),
        ("**", {"a", "ab", "a/b", "a/bc", "a/b/c", "d/a/b"}),
        ("**/b", {"a/b", "d/a/b"}),
        ("**/a/**/c", {"a/b/c"}),
        ("a/*/c", {"a/b/c"}),
        ("*/b*", {"a/b", "a/bc"}),
    ],
)
def test_patterns(pattern, fitting, tmp_path):
    (tmp_path / "x.yaml").write_text(
        "".join(f"{name}: [{name}]\n" for name in ("a", "ab", "a/b", "a/bc", "a/b/c", "d/a/b")), encoding="utf-8"
    )
    assert {wildcard.name for wildcard in WildcardFolders(tmp_path).find(pattern)} == fitting
    assert {expanded.text for expanded in combinations(f"__{pattern}__", tmp_path)} == fitting
