"""What one visitor chose, and the data that follow from it.

These are the tests of `dashboard.session`, which every page reads.
"""

import gc
import weakref

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import session as session_module
from dashboard.server.presence import PATIENCE, Presence
from dashboard.session import UPLOADED, Session
from dashboard.shipped import shipped_dataset
from mlcore import Dataset, DatasetError, SplitSettings
from tests import waiting


def some_dataset(seed: int = 0, size: int = 40) -> Dataset:
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (size, 8, 8), np.uint8)
    return Dataset(images, np.arange(size) % 2, ("no", "yes"), "mine")


def test_mnist_is_shared_by_all_visitors_and_its_pixels_are_never_copied() -> None:
    one, other = Session(), Session()
    assert one.dataset is other.dataset
    assert np.shares_memory(one.split.dev.base.images, shipped_dataset("mnist").images)
    assert one.split.train is other.split.train


def test_a_split_is_made_once_for_the_same_data_and_settings() -> None:
    session = Session(split_settings=SplitSettings(dev_size=10))
    session.use_upload(some_dataset())
    first = session.split
    assert session.split is first
    session.split_settings = SplitSettings(dev_size=20)
    assert len(session.split.dev) == 20
    session.use_upload(some_dataset(seed=1))
    assert session.split.dev.base is session.dataset


def test_validation_images_of_a_file_are_the_dev_set_until_another_is_wanted() -> None:
    session = Session()
    session.use_upload(some_dataset(), n_dev=8)
    assert session.split.dev.rows is not None
    assert session.split.dev.rows.tolist() == list(range(32, 40))
    assert session.split.train.rows is not None
    assert session.split.train.rows.tolist() == list(range(32))
    session.split_settings = SplitSettings(dev_size=10)
    assert len(session.split.dev) == 10
    session.use_dataset("digits-8x8")
    assert session.given_split is None
    assert session.split_settings.shuffle


def test_images_left_out_of_a_files_dev_set_are_not_replaced_by_training_images() -> None:
    session = Session()
    session.use_upload(some_dataset(), n_dev=8)
    session.leave_out("blank", np.array([0, 33, 39]))
    assert session.split.dev.rows is not None
    assert session.split.dev.rows.tolist() == [32, 34, 35, 36, 37, 38]
    assert len(session.split.train) == 31
    session.put_back("blank")
    assert len(session.split.dev) == 8


def test_an_upload_belongs_to_its_visitor_alone() -> None:
    one, other = Session(), Session()
    one.use_upload(some_dataset())
    assert one.dataset_key == UPLOADED
    assert one.dataset.name == "mine"
    assert other.dataset.name == "mnist"


def test_the_final_test_has_its_own_images_only_where_the_data_set_brings_some() -> None:
    test_set = Session(dataset_key="mnist").test_set
    assert test_set is not None
    assert len(test_set) == 10_000
    assert Session(dataset_key="digits-8x8").test_set is None


def test_images_that_were_left_out_are_in_no_part_of_the_split_until_they_are_put_back() -> None:
    session = Session()
    session.use_dataset("digits-8x8")
    before = session.split
    session.leave_out("copies", np.array([3, 5]))
    session.leave_out("blank", np.array([5, 9]))
    rows = np.concatenate([session.split.train.rows, session.split.dev.rows])
    assert np.setdiff1d(np.arange(1797), rows).tolist() == [3, 5, 9]
    assert len(session.dataset) == 1794
    assert session.dataset.fingerprint != before.train.base.fingerprint
    assert session.whole is before.train.base
    session.put_back("copies")
    assert len(session.dataset) == 1795
    session.put_back("blank")
    assert session.split is before


def test_the_size_of_the_dev_set_follows_when_too_few_images_are_left() -> None:
    session = Session()
    session.use_upload(some_dataset())
    session.split_settings = SplitSettings(dev_size=30)
    session.leave_out("copies", np.arange(20))
    assert (len(session.split.train), len(session.split.dev)) == (16, 4)


def test_images_that_nothing_could_be_learned_without_stay() -> None:
    session = Session()
    session.use_upload(some_dataset())
    with pytest.raises(DatasetError):
        session.leave_out("copies", np.arange(39))
    assert session.dataset is session.whole
    assert session.left_out == {}


def test_of_another_data_set_nothing_is_left_out() -> None:
    session = Session()
    session.leave_out("copies", np.array([3]))
    session.use_dataset("digits-8x8")
    assert len(session.dataset) == 1797
    session.leave_out("copies", np.array([3]))
    session.use_upload(some_dataset())
    assert len(session.dataset) == 40


def page() -> None:
    """Begin a visit."""
    from dashboard.session import get_session

    get_session()


def test_what_a_visitor_uploaded_goes_with_the_visit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    presence = Presence(print, connected=lambda session: False, clock=lambda: now[0], look_every=None)
    monkeypatch.setattr(session_module, "server", lambda: type("Server", (), {"presence": presence}))
    app = AppTest.from_function(page, default_timeout=waiting.PATIENCE).run()
    assert not app.exception
    dataset = some_dataset()
    app.session_state["session"].use_upload(dataset)
    uploaded = weakref.ref(dataset)
    del dataset
    now[0] = PATIENCE
    presence.look()
    gc.collect()
    assert uploaded() is None
    assert app.session_state["session"] == Session()
