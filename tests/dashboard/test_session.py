"""What one visitor chose, and the data that follow from it.

These are the tests of `dashboard.session`, which every page reads.
"""

import gc
import weakref

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import session as session_module
from dashboard.budget import Budget, NoRoom
from dashboard.runs.status import DataFacts
from dashboard.server.keeper import Keeper, KeepLimits
from dashboard.server.presence import PATIENCE, Presence
from dashboard.session import UPLOADED, Session
from dashboard.shipped import shipped_dataset
from dashboard.ui.wording import cleaned_words
from mlcore import Dataset, DatasetError, NetworkConfig, Slice, SplitSettings
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


def test_all_other_images_stay_in_their_part_of_the_split_and_it_says_what_was_changed() -> None:
    session = Session()
    session.use_dataset("digits-8x8")
    before = session.split
    gone = np.array([before.train.rows[0], before.train.rows[7], before.dev.rows[4]])
    session.leave_out("disputed", gone[:2])
    session.leave_out("taught", gone[1:])
    session.relabel({int(before.train.rows[1]): 0})
    after = session.split
    assert after.train.rows.tolist() == np.delete(before.train.rows, [0, 7]).tolist()
    assert after.dev.rows.tolist() == np.delete(before.dev.rows, 4).tolist()
    assert (after.relabelled, after.left_out, before.left_out) == (1, 3, 0)
    facts = DataFacts.of(after)
    assert cleaned_words(facts.relabelled, facts.left_out) == " (1 relabelled, 3 left out)"


def test_where_a_part_would_be_empty_the_images_that_are_left_are_split_again() -> None:
    session = Session()
    session.use_upload(some_dataset(), n_dev=8)
    session.leave_out("blank", np.arange(32, 40))
    assert (len(session.split.train), len(session.split.dev)) == (24, 8)
    assert session.split.left_out == 8


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


class Visit:
    """A server with a clock and nobody connected, and the pages that a browser opens on it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.browser = 0.0, "anna"
        clock = lambda: self.now  # noqa: E731
        self.kept: Keeper[Session] = Keeper(lambda session: False, KeepLimits(minutes=10), clock)
        self.presence = Presence(
            print,
            connected=lambda session: False,
            clock=clock,
            look_every=None,
            each_look=self.kept.look,
        )
        monkeypatch.setattr(session_module, "server", lambda: self)
        monkeypatch.setattr(session_module, "known_browser", lambda: self.browser)

    def open(self) -> Session:
        """Open the page in a new tab, and return its session."""
        app = AppTest.from_function(page, default_timeout=waiting.PATIENCE).run()
        assert not app.exception
        session: Session = app.session_state["session"]
        return session

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.now += seconds
        self.presence.look()
        gc.collect()


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Visit:
    """A visit that has just begun."""
    return Visit(monkeypatch)


def test_what_a_visitor_uploaded_is_there_after_a_break_and_goes_in_the_end(visit: Visit) -> None:
    before, dataset = visit.open(), some_dataset()
    before.use_upload(dataset, n_dev=8)
    before.leave_out("copies", np.array([3]))
    before.upload_tray.number = 2
    uploaded = weakref.ref(dataset)
    del dataset
    visit.wait(PATIENCE)
    assert before == Session()  # which Streamlit may keep for long
    after = visit.open()
    assert after.uploaded is uploaded()
    assert (len(after.dataset), len(after.split.dev)) == (39, 8)
    assert after.upload_tray.number == 0
    visit.wait(PATIENCE)
    visit.wait(600)
    del after
    gc.collect()
    assert uploaded() is None
    assert visit.open() == Session()


def test_two_tabs_of_a_browser_go_their_own_ways(visit: Visit) -> None:
    one = visit.open()
    one.drawing = {"objects": []}
    one.play.met.add("a first dare")
    one.slices.append(Slice.of(some_dataset(), np.array([3]), "one"))
    other = visit.open()
    assert (other.drawing, other.play.met) == ({"objects": []}, {"a first dare"})
    assert other.slices == one.slices
    other.slices.clear()
    assert len(one.slices) == 1
    other.play.met.add("a second dare")
    other.network_config = NetworkConfig(hidden_sizes=(7,))
    assert (one.play.met, one.network_config) == ({"a first dare"}, NetworkConfig())


def test_of_a_browser_that_blocks_cookies_nothing_is_kept(visit: Visit) -> None:
    visit.browser = ""
    session, dataset = visit.open(), some_dataset()
    session.use_upload(dataset)
    uploaded = weakref.ref(dataset)
    del dataset
    visit.wait(PATIENCE)
    assert uploaded() is None
    assert visit.open() == session == Session()


def test_an_upload_of_the_absent_makes_room_with_all_that_was_made_of_it(visit: Visit) -> None:
    budget, session, dataset = Budget(100, lambda: None), visit.open(), some_dataset()
    budget.give_up = visit.kept.give_up
    budget.reserve(80).until_gone(dataset)
    session.use_upload(dataset)
    session.leave_out("copies", np.array([3]))
    assert len(session.split.train) + len(session.split.dev) == 39
    del dataset
    with pytest.raises(NoRoom):
        budget.reserve(50)
    visit.wait(PATIENCE)
    assert budget.taken == 80
    assert budget.reserve(50).amount == budget.taken == 50
    assert visit.open().lost_upload == "mine"


def test_what_is_given_up_for_others_is_named_and_the_settings_stay() -> None:
    session = Session(network_config=NetworkConfig(hidden_sizes=(7,)), drawing={"objects": []})
    session.use_upload(some_dataset())
    assert session.bytes_brought == 40 * 64
    session.let_go()
    assert session.bytes_brought == 0
    assert session.lost_upload == "mine"
    assert (session.dataset_key, session.network_config.hidden_sizes) == ("mnist", (7,))
    assert session.drawing is not None
    session.use_upload(some_dataset())
    assert session.lost_upload == ""


def test_new_labels_are_learned_from_until_they_are_taken_back() -> None:
    session = Session()
    session.use_dataset("digits-8x8")
    given = session.whole
    session.leave_out("copies", np.array([3]))
    session.relabel({5: 9, 1700: 0})
    assert (session.whole.labels[5], session.whole.labels[1700]) == (9, 0)
    assert np.shares_memory(session.whole.images, given.images)
    assert session.split.train.base is session.whole
    assert len(session.dataset) == len(given) - 1
    assert not session.is_as_given
    session.relabel({})
    session.put_back("copies")
    assert session.whole is given
    assert session.is_as_given


def test_a_class_that_is_none_of_the_data_set_changes_nothing() -> None:
    session = Session()
    session.use_dataset("digits-8x8")
    session.relabel({5: 9})
    with pytest.raises(DatasetError):
        session.relabel({5: 10})
    assert session.new_labels == {5: 9}
    assert session.whole.labels[5] == 9


def test_another_data_set_has_the_labels_that_it_came_with() -> None:
    session = Session()
    session.use_dataset("digits-8x8")
    session.relabel({5: 9})
    choice = session.data_choice
    session.use_dataset("mnist")
    assert session.is_as_given
    session.return_to(choice)
    assert session.new_labels == {5: 9}
    assert session.whole.labels[5] == 9
