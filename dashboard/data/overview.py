"""What the visitor sees of a data set: its facts, some of its images, and how they are divided.

The Data page shows these parts one below the other.
"""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.data.choice import dataset_title
from dashboard.data.class_chart import PARTS, class_figure
from dashboard.data.quality import show_quality
from dashboard.data.samples import class_table, facts_of, sample_pictures, sample_positions
from dashboard.data.split_form import show_split_form
from dashboard.data.table_head import show_head
from dashboard.link import tell_address
from dashboard.session import Session
from dashboard.ui.choices import choose_one
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import SHORT_NAME, distinct, friendly_errors, plain, show_notes
from dashboard.ui.paging import choose_page
from dashboard.ui.pictures import first_pictures, grid
from dashboard.ui.plotly_chart import show_chart
from mlcore import SHIPPED_DATASETS, Dataset
from mlcore.language import N_, _

SAMPLES = 60
IN_ORDER = 50
SHOWN = {"random": N_("At random"), "order": N_("In order")}
FIRST, FIRST_SIZE = 5, 30  # images shown of each part of the split, and CSS pixels of their width
ALL = -1
TERMS = {"training": "training_set", "dev": "dev_set"}  # part → its term in the glossary


def show_facts(session: Session) -> None:
    """Show what the data set is, in one line of figures, and whose it is."""
    dataset, facts = session.dataset, facts_of(session.dataset)
    shipped = SHIPPED_DATASETS.get(session.dataset_key)
    st.header(plain(dataset_title(session)), anchor=False)
    if shipped:
        st.write(_(shipped.about))
    height, width = dataset.image_shape
    with st.container(key="figures_dataset"), st.grid(4, min_column_width=120):
        st.metric(_("Images"), f"{len(dataset):,}")
        st.metric(_("Classes"), len(dataset.class_names), help=meaning("class"))
        st.metric(_("Pixels"), f"{height} × {width}")
        levels = f"{facts.darkest} – {facts.lightest}"
        st.metric(_("Grey levels"), levels, help=meaning("grey_level"))
    if dataset.left_out:
        show_notes(dataset.left_out)
    if shipped:
        st.caption(
            _("{credit}. Licence: {licence}.").format(credit=_(shipped.credit), licence=_(shipped.licence))
        )


@st.fragment
def show_samples(session: Session) -> None:
    """Show images drawn at random, of all classes or one, or the images in their order."""
    dataset = session.dataset
    if choose_one(_("Which images"), SHOWN, key="samples_shown") == "order":
        show_in_order(dataset)
        return
    # Streamlit keeps format_func: it must not keep the data set alive when another one takes its place.
    names = [plain(name) for name in distinct(dataset.class_names, SHORT_NAME)]
    chosen = st.pills(
        _("Class"),
        [ALL, *range(len(names))],
        default=ALL,
        required=True,
        format_func=lambda number: _("All") if number == ALL else names[number],
        key="sample_class",
        label_visibility="collapsed",
        wrap=True,
    )
    seed = st.session_state.setdefault("sample_seed", 0)
    number = None if chosen == ALL else chosen
    with st.container(key="samples"):
        grid(sample_pictures(dataset, sample_positions(dataset, number, SAMPLES, seed)), 48)
    st.button(_("Show other images"), icon=":material/shuffle:", on_click=shuffle)


def show_in_order(dataset: Dataset) -> None:
    """Show the images in the order of the data set, a page at a time, and how they stand in a table."""
    place = st.container(key="samples_in_order")
    shown = choose_page(len(dataset), IN_ORDER, "samples_page")
    positions = np.arange(shown.start, shown.stop)
    with place:
        st.caption(
            _("Images {first:,} to {last:,} of {n:,}").format(
                first=positions[0] + 1, last=positions[-1] + 1, n=len(dataset)
            )
        )
        grid(sample_pictures(dataset, positions), 48)
    show_head(dataset, positions)


def shuffle() -> None:
    """Let the samples be others."""
    st.session_state["sample_seed"] += 1


@st.fragment
def show_division(session: Session) -> None:
    """Show what may be wrong with the images, and how they are divided: each depends on the other."""
    with friendly_errors():
        st.header(_("Data quality"), help=meaning("data_quality"))
        show_quality(session)
    with friendly_errors():
        st.header(_("Split"), help=meaning("split", "seed"))
        show_split(session)
    tell_address(session)


def show_split(session: Session) -> None:
    """Show how the images are divided, and let the visitor change it."""
    show_split_form(session)
    table = class_table(session.dataset, session.split)
    show_parts(session, table)
    show_chart(class_figure(table), key="class_chart")
    with st.expander(_("Show as a table")):
        columns = (
            {"name": _("Class")} | {part: _(label) for part, label in PARTS.items()} | {"total": _("All")}
        )
        st.dataframe(table.rename(columns=columns), hide_index=True)


def show_parts(session: Session, table: pd.DataFrame) -> None:
    """Show how many images each part of the split has, and the first of them."""
    parts = {"training": session.split.train, "dev": session.split.dev, "unused": None}
    with st.grid(4, min_column_width=200):
        for part, images in parts.items():
            if table[part].any():
                help_ = meaning(TERMS[part]) if part in TERMS else None
                _show_part(_(PARTS[part]), int(table[part].sum()), images, help_)
        if session.test_set is not None:
            _show_part(_("Test set"), len(session.test_set), session.test_set, meaning("test_set"))
    st.caption(_("The first images of each part. Another seed puts other images into the dev set."))


def _show_part(label: str, count: int, images: Dataset | None, help_: str | None) -> None:
    with st.container(gap="xsmall"):
        st.metric(label, f"{count:,}", help=help_)
        if images is not None:
            grid(first_pictures(images, FIRST), FIRST_SIZE)
