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
from mlcore import Dataset, SplitSettings
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
