"""The choice of a data set: one that ships with the app, or files of the visitor's own.

The Data page shows it first; everything below it follows from what was chosen.
"""

from functools import partial

import streamlit as st

from dashboard.browser import known_browser
from dashboard.reading.readings import Upload
from dashboard.server.server import server
from dashboard.session import SHIPPED, UPLOADED, Session
from dashboard.ui.messages import plain, show_message
from dashboard.uploads import LARGEST_FILE, show_uploader
from mlcore import SHIPPED_DATASETS
from mlcore.datasets.readers import READERS
from mlcore.language import _
from mlcore.quote import quoted


def choose_dataset(session: Session) -> None:
    """Show the choice between the shipped data sets and the visitor's own."""
    if not is_in_step(session):
        st.session_state["data_source"] = session.dataset_key
    if session.lost_upload:
        show_lost(session)
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
            _(
                "Drop files here, all at once and unchanged: an archive (such as Kaggle's), CSV "
                "tables, IDX files, NumPy arrays, or pictures in folders, packed as .zip."
            )
        )
        tray = session.upload_tray
        read = partial(server().readings.read, labels=tray.labels)
        show_uploader("upload", tray, read, partial(take, session))
        text = _("Files of up to {n} MB; larger ones can be read in Python: mlcore.read_dataset.")
        st.caption(f"{text.format(n=LARGEST_FILE)} {how_long_it_stays()}")
        with st.expander(_("Which files can be read?")):
            for reader in READERS.values():
                st.markdown(f"**{_(reader.label)}** – {_(reader.help)}")
        st.caption(what_stays_in_use(session))


def what_stays_in_use(session: Session) -> str:
    """Say which data set is in use, and what becomes of it when other files are dropped."""
    name = plain(dataset_title(session))
    if session.dataset_key != UPLOADED:
        return _("{name} stays in use until a new data set has been read.").format(name=name)
    if session.replaced_upload:
        text = _("{name} replaced {other}. Drop files that belong together at the same time.")
        return text.format(name=name, other=plain(session.replaced_upload))
    text = _("Files that you drop now replace {name}. Drop files that belong together at the same time.")
    return text.format(name=name)


def how_long_it_stays() -> str:
    """Say how long the server keeps what is uploaded."""
    if known_browser() is None:
        return _("Your browser blocks cookies: if you reload the page, your data set is gone.")
    text = _(
        "The server keeps your data set while you are here and for {n:g} minutes after you leave, or "
        "less if it runs out of memory."
    )
    text = text.format(n=server().kept.limits.minutes)
    if not server().runs.outlives_restart:
        return text
    return f"{text} {_('Runs that were trained on it keep a copy; you can delete them on the Runs page.')}"


def show_lost(session: Session) -> None:
    """Say that the visitor's data set had to go."""
    text = _(
        "Your data set {name} is no longer here: the server was restarted, or needed the memory while you "
        "were away. Upload it again to use it."
    )
    show_message("warning", text.format(name=quoted(session.lost_upload)))


def take(session: Session, upload: Upload) -> None:
    """Use the data set that files held, with the validation and test images that came along."""
    before = session.uploaded
    is_other = before is not None and before.fingerprint != upload.dataset.fingerprint
    session.replaced_upload = before.name if before is not None and is_other else ""
    session.use_upload(upload.dataset, upload.test, upload.n_dev)


def is_in_step(session: Session) -> bool:
    """Return whether the control shows the data set in use, which a recipe or a link may have changed."""
    source = st.session_state.get("data_source")
    is_waiting = source == UPLOADED and session.uploaded is None  # for files
    return is_waiting or source == session.dataset_key


def use_choice(session: Session) -> None:
    """Use the data set that was chosen; one's own is in use once it was read."""
    source = st.session_state["data_source"]
    if source == UPLOADED and session.uploaded is not None:
        session.use_upload(session.uploaded, session.uploaded_test, session.uploaded_dev)
    elif source in SHIPPED:
        session.use_dataset(source)


def dataset_title(session: Session) -> str:
    """Return what the data set in use is called."""
    shipped = SHIPPED_DATASETS.get(session.dataset_key)
    return _(shipped.title) if shipped else quoted(session.dataset.name)
