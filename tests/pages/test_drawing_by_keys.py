"""Drawing by keys on the page Draw: what a browser sends becomes strokes on the canvas, or nothing."""

import json
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from dashboard.draw.strokes import strokes_of
from mlcore.images.strokes import Point
from tests.pages.visits import new_app, session_of

Lines = list[tuple[Point, ...]]


@pytest.fixture
def app() -> AppTest:
    app = new_app()
    app.session_state["keys"] = True  # the grid is unfolded
    return app.switch_page("pages/draw.py").run()


def grid(app: AppTest) -> Any:
    return next(
        element.proto
        for element in app.get("bidi_component")
        if element.proto.component_name == "digit_lab_keys"
    )


def send(app: AppTest, strokes: object) -> Lines:
    """Send what a browser may, and return the lines that are then on the canvas."""
    widgets = app._tree.get_widget_states()
    widgets.widgets.append(WidgetState(id=grid(app).id, json_value=json.dumps({"strokes": strokes})))
    app._run(widgets)
    assert not app.exception
    return [stroke.points for stroke in strokes_of(session_of(app).drawing)]


def test_a_line_of_cells_is_a_stroke_of_the_chosen_pen_and_is_taken_once(app: AppTest) -> None:
    session_of(app).pen_width = 31
    first, second = {"turn": 1, "cells": [[0, 0], [2, 0]]}, {"turn": 2, "cells": [[4, 4], [4, 5], [5, 5]]}
    line = (5.0, 5.0), (15.0, 5.0), (25.0, 5.0)
    assert send(app, [first]) == [line]
    assert strokes_of(session_of(app).drawing)[0].width == 31
    assert send(app, [first, second]) == [line, ((45.0, 45.0), (45.0, 50.0), (50.0, 55.0), (55.0, 55.0))]
    assert json.loads(grid(app).json)["turn"] == 2


def test_undo_takes_a_line_of_keys_back(app: AppTest) -> None:
    send(app, [{"turn": 1, "cells": [[3, 3], [3, 20]]}])
    next(button for button in app.button if button.label == "Undo").click().run()
    assert json.loads(grid(app).json)["strokes"] == []


@pytest.mark.parametrize(
    "strokes",
    [
        None,
        "ink",
        [7],
        [{}],
        [{"turn": "1", "cells": [[1, 1]]}],
        [{"turn": 1}],
        [{"turn": 1, "cells": []}],
        [{"turn": 1, "cells": [[1, 1, 1]]}],
        [{"turn": 1, "cells": [[1, 28]]}],
        [{"turn": 1, "cells": [[-1, 1]]}],
        [{"turn": 1, "cells": [[0.5, True]]}],
        [{"turn": 1, "cells": [[1, 1]] * 3000}],
    ],
)
def test_what_is_no_line_of_cells_leaves_the_canvas_blank(app: AppTest, strokes: object) -> None:
    assert send(app, strokes) == []
