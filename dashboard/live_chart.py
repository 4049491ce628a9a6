"""The live chart: learning curves in a component of our own that Plotly draws anew in place.

It stands at the end of the path from a run's history to the screen. `st.plotly_chart` would put up a new
chart at each change: it blinks, and a zoom is lost.
"""

from dataclasses import asdict
from typing import Any

from dashboard.curves import learning_curves, x_axis_end
from dashboard.plotly_component import plotly_component, plotly_module
from dashboard.runs.records import RunStatus
from mlcore.language import _

_HTML = """
<div class="dl-live">
  <div class="dl-bar">
    <div class="dl-legend" role="group"></div>
    <div class="dl-views">
      <button type="button" class="dl-close"></button>
      <button type="button" class="dl-whole"></button>
    </div>
  </div>
  <div class="dl-charts">
    <figure><figcaption></figcaption><div class="dl-plot" role="img"></div></figure>
    <figure><figcaption></figcaption><div class="dl-plot" role="img"></div></figure>
  </div>
</div>
"""


def show_live_chart(status: RunStatus) -> None:
    """Show accuracy and loss of a run, training and dev set; call it again and it moves on in place."""
    plotly_component("live_chart", _HTML)(data=_chart_data(status), key="live_chart")


def prepare_live_chart() -> None:
    """Let the browser fetch Plotly, so that a run which is started soon has its curves at once."""
    plotly_component("live_chart", _HTML)(
        data={"module": plotly_module(), "charts": []}, key="live_chart_to_come"
    )


def _chart_data(status: RunStatus) -> dict[str, Any]:
    """Return what the component draws, as JSON can say it."""
    return {
        "module": plotly_module(),
        "run": f"{status.run_id} {status.history_version}",
        "x": {"title": _("Epochs"), "end": x_axis_end(status.epoch, status.total_epochs, status.live)},
        "charts": [asdict(chart) for chart in learning_curves(status)],
        "words": {"close": _("Close-up"), "whole": _("Undo zoom"), "legend": _("Curves")},
    }
