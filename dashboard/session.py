"""All that one visitor chose, uploaded or made, in one object; and the data that follow from it.

Every page reads and writes the same `Session`. After a reload the next session of the same browser begins
with it (`dashboard.server.keeper`), and no other visitor can reach it.
"""

import weakref
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

import numpy as np
import streamlit as st

from dashboard.browser import known_browser
from dashboard.server.presence import session_id
from dashboard.server.server import server
from dashboard.settings_link import STANDARD
from dashboard.shipped import shipped_dataset, shipped_split
from mlcore import (
    RECIPES,
    SHIPPED_DATASETS,
    Dataset,
    DatasetError,
    Model,
    NetworkConfig,
    Slice,
    Split,
    SplitSettings,
    TrainingConfig,
    UnlabelledImages,
)
from mlcore.arrays import IndexArray, UInt8Array
from mlcore.datasets.readers.choose import Labels
from mlcore.images.strokes import Stroke
from mlcore.language import N_
from mlcore.search.search import SearchPlan
from mlcore.study.fine_tuning import Lesson

UPLOADED = "upload"
"""The dataset key of a visitor's own upload; the other keys are those of `mlcore.SHIPPED_DATASETS`."""

RUN_MODEL = "your run"
UPLOADED_MODEL = "your file"
LAB_MODEL = "your lab"
"""The model keys of what a visitor trained, brought or changed; the others are the files in `models/`."""

TEST_SETS = {"mnist": "mnist-test"}
"""The images kept for the final test, for the shipped data sets that have some."""

ON_EVALUATE = {"disputed": N_("Disputed labels"), "taught": N_("Images that taught an answer")}
"""Reasons for which images are left out on the Evaluate page; those of the Data page have it itself."""

SHIPPED = [name for name in SHIPPED_DATASETS if name not in TEST_SETS.values()]
"""The shipped data sets that a visitor can choose."""


@dataclass
class UploadTray:
    """What one visitor has put into the uploader.

    Attributes
    ----------
    number : int
        Of the uploader: a new one is empty.
    tried : tuple of str
        The ids of the files that were read last, so that no rerun reads them again.
    may_try_again : bool
        Whether the same files may be read at another time.
    offers_names : bool
        Whether the names of the pictures in them may hold the labels.
    labels : "folders" or "names"
        Where the labels of pictures are looked for when they are read next.
    """

    number: int = 0
    tried: tuple[str, ...] = ()
    may_try_again: bool = False
    offers_names: bool = False
    labels: Labels = "folders"

    def clear(self) -> None:
        """Forget what was tried, so that the next run of the page reads the files that are there."""
        self.tried, self.may_try_again, self.offers_names = (), False, False

    def use_names(self) -> None:
        """Let the next run of the page read the files again, with the labels in the names of the pictures."""
        self.clear()
        self.labels = "names"


@dataclass(frozen=True)
class PastDrawing:
    """One of the last drawings.

    Attributes
    ----------
    strokes : tuple of Stroke
        On the canvas of the Draw page.
    image : uint8 array (height, width)
        What the network saw.
    guess : str
        The class that it answered.
    probability : float
        Of this class.
    """

    strokes: tuple[Stroke, ...]
    image: UInt8Array
    guess: str
    probability: float


@dataclass(frozen=True)
class SentImage:
    """An image of a data set that the visitor sent to the Draw page.

    Attributes
    ----------
    image : uint8 array (height, width)
    words : str
        What it is, for a person to read.
    """

    image: UInt8Array
    words: str


@dataclass
class Play:
    """What one visitor has played on the Draw page.

    Attributes
    ----------
    dare : str
        The dare that is shown, a key of `dashboard.draw.dares.DARES`; empty before the first.
    met : set of str
        The dares that were met.
    now : PastDrawing or None
        What is on the canvas, as it was last answered.
    past : list of PastDrawing
        What was drawn before, the newest first.
    """

    dare: str = ""
    met: set[str] = field(default_factory=set)
    now: PastDrawing | None = None
    past: list[PastDrawing] = field(default_factory=list)


@dataclass(frozen=True)
class MyDrawing:
    """A drawing that the visitor kept with its name, to teach a network by it.

    Attributes
    ----------
    label : str
        What the visitor says that it is.
    text : str
        Its strokes as JSON (see `dashboard.draw.hand`): a tenth of what they take as objects.
    image : uint8 array (28, 28)
        The drawing as MNIST would have it.
    """

    label: str
    text: str
    image: UInt8Array


@dataclass(frozen=True)
class DataChoice:
    """Which images are learned from, and how they are split.

    Attributes
    ----------
    key, left_out, new_labels, split
        As `dataset_key`, `left_out`, `new_labels` and `split_settings` of a `Session`.
    """

    key: str
    left_out: dict[str, IndexArray] = field(compare=False)
    new_labels: dict[int, int] = field(compare=False)
    split: SplitSettings


@dataclass
class Session:
    """The choices and results of one visitor.

    Attributes
    ----------
    dataset_key : str
        A name in `mlcore.SHIPPED_DATASETS`, or `UPLOADED`.
    uploaded, uploaded_test : Dataset or None
        The visitor's own data set, and its images for the final test.
    replaced_upload : str
        The name of the data set whose place the upload took.
    lost_upload : str
        The name of the visitor's own data set, when it had to go while the visitor was away.
    uploaded_dev : int
        How many images at the end of `uploaded` came as validation images.
    left_out : dict of str to int array
        Positions in the whole data set of the images that the visitor left out, by the reason.
    new_labels : dict of int to int
        The classes that the visitor gave to images of the whole data set, by their positions.
    upload_tray : UploadTray
        What is in the uploader on its way to become a data set.
    own_images : UnlabelledImages or None
        What the visitor brought to the Evaluate page, to be answered by a model.
    images_tray : UploadTray
        What is in that page's uploader.
    split_settings, network_config, training_config
        What the pages Data, Network and Train set.
    recipe : str
        The recipe that was chosen last, whatever was changed since.
    before_recipe, with_recipe : DataChoice or None
        What was there before it brought data or a split of its own, and what it brought.
    rate_is_chosen : bool
        Whether the visitor set the learning rate; until then a new optimizer brings its own.
    run_id : str or None
        The run that the visitor started or watches.
    model_key : str
        Which model answers on Draw: `RUN_MODEL`, `UPLOADED_MODEL` or the name of a shipped one; empty until
        the visitor chooses, and again when a run is started.
    second_key : str
        Which model answers beside it on Draw; empty: none.
    uploaded_model, uploaded_model_name
        A model file that the visitor brought.
    lab_model : Model or None
        What the visitor kept of the lab bench.
    drawing : dict or None
        The canvas's JSON, kept when the page changes.
    canvas_start : dict or None
        What the canvas was last told to show (see `dashboard.draw.canvas`).
    canvas_revision : int
        How often it was told.
    sent : SentImage or None
        What the Draw page answers besides drawings and pictures.
    pen_width : int
        In pixels of the canvas. Of 300 digits by pen, the shipped model read 99.7 % at 24, 99.0 % at 8 and
        98.7 % at 40.
    play : Play
        What was dared, and the last drawings.
    teaches : bool
        Whether the visitor says what each drawing is, so that it is kept.
    hand : list of MyDrawing
        What was kept, the oldest first.
    hand_classes : list of str
        Classes of the visitor's own, besides those of the model.
    lesson : Lesson or None
        What a network made of these drawings, until the visitor keeps it or throws it away.
    slices : list of Slice
        Images that the visitor keeps under names on Evaluate, of any data set.
    run_columns : tuple of str or None
        What the table of runs shows, keys of `dashboard.runs_page.table.COLUMNS`; None: the usual.
    only_differing : bool
        Whether it leaves out the settings that all runs share.
    search_plan : SearchPlan or None
        What the page Search varies, and for how long; None: the usual.
    """

    dataset_key: str = "mnist"
    uploaded: Dataset | None = None
    uploaded_test: Dataset | None = None
    replaced_upload: str = ""
    lost_upload: str = ""
    uploaded_dev: int = 0
    left_out: dict[str, IndexArray] = field(default_factory=dict)
    new_labels: dict[int, int] = field(default_factory=dict)
    upload_tray: UploadTray = field(default_factory=UploadTray)
    own_images: UnlabelledImages | None = None
    images_tray: UploadTray = field(default_factory=UploadTray)
    split_settings: SplitSettings = field(default_factory=SplitSettings)
    network_config: NetworkConfig = RECIPES[STANDARD].network
    training_config: TrainingConfig = RECIPES[STANDARD].training
    recipe: str = STANDARD
    before_recipe: DataChoice | None = None
    with_recipe: DataChoice | None = None
    rate_is_chosen: bool = False
    run_id: str | None = None
    model_key: str = ""
    second_key: str = ""
    uploaded_model: Model | None = None
    uploaded_model_name: str = ""
    lab_model: Model | None = None
    drawing: dict[str, Any] | None = None
    canvas_start: dict[str, Any] | None = None
    canvas_revision: int = 0
    sent: SentImage | None = None
    pen_width: int = 24
    play: Play = field(default_factory=Play)
    teaches: bool = False
    hand: list[MyDrawing] = field(default_factory=list)
    hand_classes: list[str] = field(default_factory=list)
    lesson: Lesson | None = None
    slices: list[Slice] = field(default_factory=list)
    run_columns: tuple[str, ...] | None = None
    only_differing: bool = False
    search_plan: SearchPlan | None = None
    _split: tuple[str, SplitSettings, Split] | None = field(default=None, repr=False)
    _kept: Dataset | None = field(default=None, repr=False)
    _relabelled: Dataset | None = field(default=None, repr=False)

    @property
    def dataset(self) -> Dataset:
        """The data set in use, without the images that were left out."""
        return self.whole if self._kept is None else self._kept

    @property
    def whole(self) -> Dataset:
        """The data set in use, with the images that were left out."""
        return self.as_given if self._relabelled is None else self._relabelled

    @property
    def as_given(self) -> Dataset:
        """The data set in use with all its images, and with the labels that it came with."""
        if self.dataset_key == UPLOADED and self.uploaded is not None:
            return self.uploaded
        return shipped_dataset(self.dataset_key)

    @property
    def is_as_given(self) -> bool:
        """Whether no image was left out, and none given another label."""
        return not self.left_out and not self.new_labels

    @property
    def split(self) -> Split:
        """The split of the data set in use; made once for each data set and settings."""
        if self.dataset_key != UPLOADED and self.is_as_given:
            return shipped_split(self.dataset_key, self.split_settings)
        dataset = self.dataset
        if self._split is None or self._split[:2] != (dataset.fingerprint, self.split_settings):
            self._split = (dataset.fingerprint, self.split_settings, self._new_split())
        return self._split[2]

    def _new_split(self) -> Split:
        """Split the data set; each image keeps the part that it has when none is left out.

        So a network that learned without some images is judged by the same ones as before. Only where a part
        would be empty, the images that are left are split again.
        """
        split = self.split_settings.split(self.whole)
        if self.left_out:
            gone = np.concatenate([*self.left_out.values()])
            try:
                split = split.without(gone)
            except DatasetError:
                split = replace(self.split_settings.split(self.dataset), left_out=len(np.unique(gone)))
        return replace(split, relabelled=len(self.new_labels))

    @property
    def test_set(self) -> Dataset | None:
        """The images kept for the final test, where the data set has some."""
        if self.dataset_key == UPLOADED:
            return self.uploaded_test
        name = TEST_SETS.get(self.dataset_key)
        return None if name is None else shipped_dataset(name)

    @property
    def given_split(self) -> SplitSettings | None:
        """The split whose dev set are the validation images of the file, where it has some."""
        n_dev = self.uploaded_dev if self.dataset_key == UPLOADED else 0
        return SplitSettings(dev_size=n_dev, shuffle=False) if n_dev else None

    def use_upload(self, dataset: Dataset, test: Dataset | None = None, n_dev: int = 0) -> None:
        """Make an uploaded data set the one in use, with the test images that came along.

        Its last ``n_dev`` images came as validation images: they are the dev set until another is wanted.
        Without any, the split of the recipe in use stays where it is possible.
        """
        self.uploaded, self.uploaded_test, self.uploaded_dev = dataset, test, n_dev
        self.lost_upload = ""
        self.dataset_key, self._split = UPLOADED, None
        self._take_as_given()
        recipe = RECIPES[self.recipe].split
        keeps_recipe = recipe is not None and recipe == self.split_settings and can_split(dataset, recipe)
        if self.given_split is not None or not keeps_recipe:
            self.split_settings = self.given_split or self.split_settings.fitted_to(len(dataset))

    def change_upload(self, change: Callable[[Dataset], Dataset]) -> None:
        """Change the images of the upload, of all its parts alike; the split and what was left out stay."""
        if self.uploaded is None:
            return
        dataset, test = change(self.uploaded), self.uploaded_test
        self.uploaded, self.uploaded_test = dataset, None if test is None else change(test)
        self.relabel(self.new_labels)

    def use_dataset(self, key: str) -> None:
        """Make a shipped data set the one in use; the size of the dev set follows when it is another one."""
        if key != self.dataset_key:
            self.dataset_key = key
            self._take_as_given()
            self.split_settings = self.split_settings.fitted_to(len(self.dataset))

    @property
    def data_choice(self) -> DataChoice:
        """Which images are learned from now, and how they are split."""
        return DataChoice(self.dataset_key, self.left_out, self.new_labels, self.split_settings)

    def return_to(self, choice: DataChoice) -> None:
        """Use these data again, without what was left out of them then, and their split if it is possible."""
        if choice.key != self.dataset_key:
            self.use_dataset(choice.key)
            self.relabel(choice.new_labels)
            self._leave_out(choice.left_out)
        if can_split(self.dataset, choice.split):
            self.split_settings, self._split = choice.split, None

    def leave_out(self, reason: str, positions: IndexArray) -> None:
        """Leave some images of the whole data set out; the size of the dev set follows when it has to.

        Raises
        ------
        DatasetError
            When too few images would be left; then nothing is changed.
        """
        self._leave_out(self.left_out | {reason: positions})

    def put_back(self, reason: str) -> None:
        """Use the images again that were left out for a reason."""
        self._leave_out({other: rows for other, rows in self.left_out.items() if other != reason})

    def relabel(self, new_labels: dict[int, int]) -> None:
        """Give images of the whole data set these classes, by their positions; all others get their own back.

        Raises
        ------
        DatasetError
            When a class is none of the data set.
        """
        given, relabelled = self.as_given, None
        if new_labels:
            relabelled = given.relabelled([*new_labels], [*new_labels.values()])
        self.new_labels, self._relabelled = dict(new_labels), relabelled
        self._leave_out(self.left_out)

    def _take_as_given(self) -> None:
        self.left_out, self._kept = {}, None
        self.new_labels, self._relabelled = {}, None

    def _leave_out(self, left_out: dict[str, IndexArray]) -> None:
        dataset, settings = self.whole, self.split_settings
        if left_out:
            gone = np.concatenate([*left_out.values()])
            dataset = dataset.take(np.setdiff1d(np.arange(len(dataset)), gone))
        try:
            settings.split(dataset)
        except DatasetError:
            settings = settings.fitted_to(len(dataset))
            settings.split(dataset)
        self.left_out, self._kept = left_out, dataset if left_out else None
        self.split_settings, self._split = settings, None

    # ---- kept for the next session (see dashboard.server.keeper) -----------------------------------------

    @property
    def bytes_brought(self) -> int:
        """How large the data sets, images and model are that the visitor brought."""
        parts = (self.uploaded, self.uploaded_test, self.own_images)
        taught = None if self.lesson is None else self.lesson.model
        models = (self.uploaded_model, self.lab_model, taught)
        return (
            sum(part.images.nbytes for part in parts if part is not None)
            + sum(model.parameters.nbytes for model in models if model is not None)
            + sum(len(drawing.text) + drawing.image.nbytes for drawing in self.hand)
        )

    def continued(self) -> Self:
        """Return the same choices and results for another session, with uploaders and canvas of its own."""
        return replace(
            self,
            play=deepcopy(self.play),
            hand=[*self.hand],
            hand_classes=[*self.hand_classes],
            slices=[*self.slices],
            upload_tray=UploadTray(),
            images_tray=UploadTray(),
            canvas_start=None,
            canvas_revision=0,
        )

    def let_go(self) -> None:
        """Give up what the visitor brought; the settings and the drawing stay."""
        if self.uploaded is not None:
            self.lost_upload = self.uploaded.name
        if self.dataset_key == UPLOADED:
            self.dataset_key, self.split_settings = Session.dataset_key, SplitSettings()
            self._take_as_given()
        self.uploaded = self.uploaded_test = self.own_images = self.uploaded_model = self._split = None
        self.hand, self.hand_classes, self.lesson, self.lab_model = [], [], None, None

    def forget(self) -> None:
        """Become like new, as the visitor has gone; Streamlit keeps the state until another tab is closed."""
        vars(self).update(vars(Session()))


def can_split(dataset: Dataset, settings: SplitSettings) -> bool:
    """Return whether a data set can be split as these settings say."""
    try:
        settings.split(dataset)
    except DatasetError:
        return False
    return True


def get_session() -> Session:
    """Return this visitor's `Session`: at the first call what the browser had before, or a new one."""
    browser, kept = known_browser(), server().kept
    if "session" not in st.session_state:
        before = kept.take(browser) if browser else None
        st.session_state["session"] = new = before or Session()
        server().presence.on_gone(session_id(), partial(_leave, session_id(), weakref.ref(new)))
    session: Session = st.session_state["session"]
    if browser:
        kept.note(browser, session_id(), session)
    return session


def _leave(name: str, reference: weakref.ref[Session]) -> None:
    server().kept.leave(name)
    session = reference()
    if session is not None:
        session.forget()
