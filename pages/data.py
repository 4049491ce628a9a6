"""Data: choose a data set or bring one, look at it, and decide which images judge the network.

It stands at the head of the path, where a file becomes a Dataset and the Dataset a Split.
"""

import streamlit as st

from dashboard.address import from_address, to_address
from dashboard.data.class_chart import PARTS, class_figure
from dashboard.data.samples import average_pictures, class_table, facts_of, sample_pictures, sample_positions
from dashboard.data.split_form import show_split_form
from dashboard.data.uploads import show_uploader
from dashboard.navigation import guard
from dashboard.session import TEST_SETS, UPLOADED, Session, get_session
from dashboard.ui.messages import distinct, friendly_errors, plain, show_notes
from dashboard.ui.pictures import grid
from dashboard.ui.plotly_chart import show_chart
from mlcore import SHIPPED_DATASETS
from mlcore.datasets.readers import READERS
from mlcore.language import _
from mlcore.quote import quoted

SAMPLES = 60
ALL = -1
SHIPPED = [name for name in SHIPPED_DATASETS if name not in TEST_SETS.values()]


def choose_dataset(session: Session) -> None:
    """Show the choice between the shipped data sets and the visitor's own; the address can make it too."""
    wanted = from_address("data", SHIPPED)
    if wanted is not None:
        session.use_dataset(wanted)
        st.session_state["data_source"] = wanted
    elif not is_in_step(session):
        st.session_state["data_source"] = session.dataset_key
    labels = {name: _(SHIPPED_DATASETS[name].title) for name in SHIPPED} | {UPLOADED: _("Your own")}
    source = st.segmented_control(
        _("Data set"),
        list(labels),
        format_func=labels.__getitem__,
        key="data_source",
        required=True,
        on_change=use_choice,
        args=(session,),
        label_visibility="collapsed",
        persist_state="session",
    )
    if source == UPLOADED:
        st.write(
            _("Drop files here: a table (CSV, as from Kaggle), IDX files, an .npz, or a .zip of pictures.")
        )
        show_uploader(session.upload_tray, session.use_upload)
        with st.expander(_("Which files can be read?")):
            for reader in READERS.values():
                st.markdown(f"**{_(reader.label)}** – {_(reader.help)}")
        if session.dataset_key != UPLOADED:
            st.caption(
                _("Until a data set has been read, {name} stays in use.").format(name=plain(title(session)))
            )


def is_in_step(session: Session) -> bool:
    """Return whether the control shows the data set in use, which a recipe may have changed elsewhere."""
    source = st.session_state.get("data_source")
    is_waiting = source == UPLOADED and session.uploaded is None  # for files
    return is_waiting or source == session.dataset_key


def use_choice(session: Session) -> None:
    """Use the data set that was chosen, and let the address say so; one's own is in use once it was read."""
    source = st.session_state["data_source"]
    if source not in (UPLOADED, *SHIPPED):
        return
    if source == UPLOADED:
        to_address(data=None)
        if session.uploaded is not None:
            session.use_upload(session.uploaded, session.uploaded_test)
    else:
        to_address(data=source)
        session.use_dataset(source)


def title(session: Session) -> str:
    """Return what the data set in use is called."""
    shipped = SHIPPED_DATASETS.get(session.dataset_key)
    return _(shipped.title) if shipped else quoted(session.dataset.name)


def show_facts(session: Session) -> None:
    """Show what the data set is, in one line of figures, and whose it is."""
    dataset, facts = session.dataset, facts_of(session.dataset)
    shipped = SHIPPED_DATASETS.get(session.dataset_key)
    st.subheader(plain(title(session)), anchor=False)
    if shipped:
        st.write(_(shipped.about))
    height, width = dataset.image_shape
    with st.grid(4, min_column_width=120):
        st.metric(_("Images"), f"{len(dataset):,}")
        st.metric(_("Classes"), len(dataset.class_names))
        st.metric(_("Pixels"), f"{height} × {width}")
        st.metric(_("Grey levels"), f"{facts.darkest} – {facts.lightest}")
    if dataset.notes:
        show_notes(dataset.notes)
    if shipped:
        st.caption(
            _("{credit}. Licence: {licence}.").format(credit=_(shipped.credit), licence=_(shipped.licence))
        )


@st.fragment
def show_samples(session: Session) -> None:
    """Show images drawn by chance, of all classes or one."""
    dataset = session.dataset
    # Streamlit keeps format_func: it must not keep the data set alive when another one takes its place.
    names = [plain(name) for name in distinct(dataset.class_names)]
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
    grid(sample_pictures(dataset, sample_positions(dataset, number, SAMPLES, seed)), 48)
    st.button(_("Show others"), icon=":material/shuffle:", on_click=shuffle)


def shuffle() -> None:
    """Let the samples be others."""
    st.session_state["sample_seed"] += 1


@st.fragment
def show_split(session: Session) -> None:
    """Show how the images are divided, and let the visitor change it."""
    with friendly_errors():
        show_split_form(session)
        table = class_table(session.dataset, session.split)
        with st.grid(4, min_column_width=120):
            for part, label in PARTS.items():
                if table[part].any():
                    st.metric(_(label), f"{table[part].sum():,}")
            if session.test_set is not None:
                st.metric(_("Kept for the test"), f"{len(session.test_set):,}")
        show_chart(class_figure(table), key="class_chart")
        with st.expander(_("The same in numbers")):
            columns = (
                {"name": _("Class")} | {part: _(label) for part, label in PARTS.items()} | {"total": _("All")}
            )
            st.dataframe(table.rename(columns=columns), hide_index=True)


guard(__file__)
st.title(_("Data"))
st.write(_("What the network learns from."))
session = get_session()
with friendly_errors():
    choose_dataset(session)
    show_facts(session)
    left, right = st.columns([2, 1], gap="large")
    with left:
        st.subheader(_("Samples"))
        show_samples(session)
    with right:
        st.subheader(_("The average image of each class"))
        grid(average_pictures(session.dataset), 60)
    st.subheader(_("Split"))
    show_split(session)
