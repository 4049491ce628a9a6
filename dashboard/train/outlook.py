"""What a run will look like before there is one: training images, the network, and the usual curve.

The Train page shows it below the plan while there is no run.
"""

import streamlit as st

from dashboard.session import Session
from dashboard.train.usual_curve import usual_figure
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import friendly_errors
from dashboard.ui.network_picture import example_of, network_svg, show_network_picture
from dashboard.ui.pictures import first_pictures, grid
from dashboard.ui.plotly_chart import prepare_charts, show_chart
from mlcore import network_summary
from mlcore.language import _

SHOWN, SIZE = 28, 40  # training images, and CSS pixels of their width


def show_outlook(session: Session) -> None:
    """Show images, network and, where it is known, the usual curve side by side, as room allows."""
    parts = [_show_images, _show_network, *([_show_curve] if has_usual_curve(session) else [])]
    with st.container(key="outlook"):
        for column, show in zip(st.columns(len(parts), gap="large"), parts, strict=True):
            with column, friendly_errors():
                show(session)
    if _show_curve not in parts:
        prepare_charts()


def has_usual_curve(session: Session) -> bool:
    """Return whether the recorded curve is about this data set: MNIST, with all of its images."""
    return session.dataset_key == "mnist" and session.is_as_given


def _show_images(session: Session) -> None:
    st.header(_("The network learns from these"), help=meaning("training_set", "label"))
    grid(first_pictures(session.split.train, SHOWN), SIZE)
    text = _("The first {shown} of {n:,} training images.")
    n = len(session.split.train)
    st.caption(text.format(shown=min(SHOWN, n), n=n))


def _show_network(session: Session) -> None:
    st.header(_("This is what changes"), help=meaning("parameters", "neuron"))
    dataset, config = session.dataset, session.network_config
    layers = network_summary(config, dataset.image_shape, len(dataset.class_names))
    show_network_picture(network_svg(config, layers, dataset.class_names, example_of(dataset)))


def _show_curve(session: Session) -> None:
    st.header(_("The usual learning curve"), help=meaning("learning_curves", "dev_set", "epoch"))
    show_chart(usual_figure(), key="usual_curve")
    st.caption(
        _(
            "A typical curve with the default settings on MNIST, from an earlier training. Yours "
            "is drawn live."
        )
    )
