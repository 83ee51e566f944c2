"""The vocabulary file, and what is said of a wrong one."""

import copy
import hashlib
import json

import pytest
import yaml

from tagloom.tiny.scenes import Composer, VocabularyError, vocabulary
from tagloom.tiny.scenes.vocabulary import FILE, read_vocabulary


def test_groups_have_the_known_tags():
    groups = vocabulary().groups()
    assert [len(group) for group in groups] == [37, 66, 39, 138, 5, 51]
    assert "kemonomimi mode" in groups.body
    assert "aqua-framed eyewear" in groups.clothing
    assert [tag for tag in groups.every() if "{" in tag] == []


def test_the_vocabulary_is_that_of_the_weights():
    """Whoever changes what pictures hold, or how often, trains new weights, and then changes this sum."""
    data = {key: value for key, value in vocabulary().data.items() if key != "extension"}
    assert (
        hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
        == "e117d6bbe17b6d53e51d3bfcce8440db0e2d5dee6e644804ffe97fbb34fc6ddb"
    )


def put(*path_and_value):
    *path, last, value = path_and_value

    def change(data):
        for key in path:
            data = data[key]
        data[last] = value

    return change


WRONG = {
    "lacking": (lambda data: data.pop("hats"), "v.yaml: lacks hats"),
    "strange key": (put("hats", "hat", 1), "v.yaml.hats: 'hat' is not a key of it; its keys are share, styles"),
    "a share above 1": (put("hats", "share", 1.5), "v.yaml.hats.share: 1.5 is not between 0 and 1"),
    "no number": (put("hats", "share", "1/8"), "v.yaml.hats.share: '1/8' is not a number"),
    "truth for a number": (put("skins", 0, "weight", True), "v.yaml.skins[0].weight: True is not a number"),
    "weight 0": (put("skins", 0, "weight", 0), "v.yaml.skins[0].weight: 0 is not above 0"),
    "a short colour": (put("colours", "hair", "red", [1, 0]), "v.yaml.colours.hair.red: has 2 entries, not 3"),
    "a tag alone": (put("mouths", 2, "tags", "smile"), "v.yaml.mouths[2].tags: 'smile' is not a list"),
    "nothing to draw": (put("mouths", []), "v.yaml.mouths: [] is not a list with entries"),
    "a number for a tag": (put("mouths", 0, "tags", [4]), "v.yaml.mouths[0].tags[0]: 4 is not a text"),
    "a half step": (put("quality", "high", "most", 2.5), "v.yaml.quality.high.most: 2.5 is not a whole number"),
    "no colours": (put("colours", "hair", {}), "v.yaml.colours.hair: {} is not a mapping with entries"),
    "fur of a text": (put("skins", 0, "furry", "yes"), "v.yaml.skins[0].furry: 'yes' is neither true nor false"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_vocabulary_is_refused_by_place(tmp_path, change, message):
    data = copy.deepcopy(dict(vocabulary().data))
    change(data)
    (tmp_path / "v.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    with pytest.raises(VocabularyError) as refused:
        read_vocabulary(tmp_path / "v.yaml")
    assert str(refused.value) == message


@pytest.mark.parametrize("text", ["a: [", "!!python/object:os.system {}", "- 1", "x" * 1_000_001])
def test_what_is_no_vocabulary_is_refused(tmp_path, text):
    (tmp_path / "v.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"v\.yaml"):
        read_vocabulary(tmp_path / "v.yaml")


def test_a_strange_painter_is_refused(tmp_path):
    (tmp_path / "v.yaml").write_text(FILE.read_text(encoding="utf-8").replace("painter: rain", "painter: hail"))
    with pytest.raises(VocabularyError, match=r"backgrounds\[6\]\.painter: 'hail' is not a painter"):
        Composer(words=read_vocabulary(tmp_path / "v.yaml"))
