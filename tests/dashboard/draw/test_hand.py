"""My drawings: kept with their names, counted, made a data set, packed and joined."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from dashboard.draw.hand import (
    MOST,
    STROKES,
    counts,
    dataset_for,
    dataset_of,
    join,
    keep_drawing,
    my_drawing,
    pack,
    remove,
)
from dashboard.session import Session
from dashboard.shipped import shipped_model
from mlcore import DatasetError
from mlcore.images.strokes import Stroke

SEVEN = [["M", 70, 60], ["L", 210, 60], ["L", 150, 240]]
ONE = [["M", 140, 50], ["L", 140, 230]]


def draw(session: Session, path: list[list[object]], shift: float = 0.0) -> None:
    moved = [[letter, x + shift, y] for letter, x, y in path]  # type: ignore[operator]
    session.drawing = {"objects": [{"type": "Path", "strokeWidth": 20, "path": moved}]}


@pytest.fixture
def session() -> Session:
    """Someone who drew six ones and four sevens."""
    session = Session()
    for number in range(6):
        draw(session, ONE, number)
        keep_drawing(session, "1")
    for number in range(4):
        draw(session, SEVEN, number)
        keep_drawing(session, "7")
    return session


def test_drawings_are_kept_with_their_names_and_removed_one_by_one(session: Session) -> None:
    assert counts(session.hand) == {"1": 6, "7": 4}
    remove(session, [0, 9])
    assert counts(session.hand) == {"1": 5, "7": 3}


def test_a_blank_canvas_a_name_that_is_none_and_one_too_many_are_refused(session: Session) -> None:
    kept = session.hand
    session.drawing = None
    with pytest.raises(DatasetError, match="Draw something first"):
        keep_drawing(session, "1")
    draw(session, ONE)
    with pytest.raises(DatasetError, match="name of a class"):
        keep_drawing(session, "  ")
    session.hand = kept[:1] * MOST
    with pytest.raises(DatasetError, match=f"room for {MOST}"):
        keep_drawing(session, "1")
    assert len(session.hand) == MOST


def test_a_network_that_knows_the_classes_reads_the_images_made_for_it(session: Session) -> None:
    model = shipped_model("mnist")
    data = dataset_for(session.hand, model)
    assert [model.class_names[guess] for guess in model.predict(data.images)] == ["1"] * 6 + ["7"] * 4
    assert data.labels.tolist() == [1] * 6 + [7] * 4
    with pytest.raises(DatasetError, match="None of your drawings"):
        dataset_for([my_drawing("heart", [Stroke(((10.0, 10.0), (90.0, 90.0)), 9.0)])], model)


def test_a_data_set_has_the_names_as_classes_and_what_has_two_parts_is_one_thing(session: Session) -> None:
    dots = [Stroke(((x, 100.0), (x, 130.0)), 20.0) for x in (60.0, 200.0)]
    session.hand.append(my_drawing("eyes", dots))
    data = dataset_of(session.hand)
    assert data.class_names == ("1", "7", "eyes")
    assert np.bincount(data.labels).tolist() == [6, 4, 1]
    assert data.images.shape == (11, 28, 28)
    for few in (session.hand[:6], session.hand[5:8]):
        with pytest.raises(DatasetError, match="at least 10 drawings and two classes"):
            dataset_of(few)


def test_a_pack_brings_all_back_and_is_joined_without_doubles(session: Session) -> None:
    file = pack(session.hand)
    other = Session()
    draw(other, ONE, 50)
    keep_drawing(other, "1")
    assert join(other, io.BytesIO(file)) == 10
    assert [(d.label, d.text) for d in other.hand[1:]] == [(d.label, d.text) for d in session.hand]
    np.testing.assert_array_equal(other.hand[1].image, session.hand[0].image)
    assert join(other, io.BytesIO(file)) == 0
    assert len(other.hand) == 11


def test_a_pack_holds_a_picture_of_each_drawing_in_a_folder_with_its_name(session: Session) -> None:
    session.hand.append(my_drawing("a/b", [Stroke(((10.0, 10.0), (90.0, 90.0)), 9.0)]))
    with zipfile.ZipFile(io.BytesIO(pack(session.hand))) as archive:
        names = [name for name in archive.namelist() if name != STROKES]
        with Image.open(io.BytesIO(archive.read(names[0]))) as picture:
            np.testing.assert_array_equal(np.asarray(picture), session.hand[0].image)
    assert [name.split("/")[0] for name in names] == ["1"] * 6 + ["7"] * 4 + ["a_b"]


def broken_packs() -> dict[str, bytes]:
    def zipped(name: str, text: str) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, text)
        return file.getvalue()

    def row(strokes: object) -> str:
        return json.dumps({"drawings": [{"label": "1", "strokes": strokes}]})

    return {
        "no archive": b"PK\x03\x04 but no more",
        "nothing in it": zipped("else.txt", ""),
        "no JSON": zipped(STROKES, "{"),
        "a list": zipped(STROKES, "[]"),
        "deep": zipped(STROKES, "[" * 100_000),
        "no label": zipped(STROKES, '{"drawings": [{}]}'),
        "no points": zipped(STROKES, row([{"width": 9}])),
        "words for points": zipped(STROKES, row([{"width": 9, "points": [["a", "b"]]}])),
        "no strokes": zipped(STROKES, row([])),
        "not on any canvas": zipped(STROKES, row([{"width": 9, "points": [[1e30, 0], [1, 1]]}])),
        "no pen": zipped(STROKES, row([{"width": 1e9, "points": [[1, 1], [90, 90]]}])),
    }


@pytest.mark.parametrize("kind", broken_packs())
def test_another_file_is_refused_with_a_sentence_and_nothing_is_lost(session: Session, kind: str) -> None:
    kept = session.hand
    with pytest.raises(DatasetError, match=r"drawings|Draw something"):
        join(session, io.BytesIO(broken_packs()[kind]))
    assert session.hand is kept


def test_what_was_kept_goes_on_in_the_next_session_as_a_copy(session: Session) -> None:
    after = session.continued()
    remove(after, range(9))
    assert (len(after.hand), len(session.hand)) == (1, 10)
    assert session.bytes_brought >= 10 * 784
    session.let_go()
    assert session.hand == []
