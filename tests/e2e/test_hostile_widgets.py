"""Values that no browser sends: each widget gets them through the server's own door, and no page breaks.

Every page must answer what is wrong with a valid value or a sentence, and log nothing.
"""

from typing import Any

import pytest

from tests.e2e.server import AppServer
from tests.e2e.wire import Tab, WidgetState, new_cookie, open_tab

LONG = "x" * 100_000
VALUES: dict[str, tuple[str, list[Any]]] = {
    "button_group": ("string_array_value", [[], ["no option"], ["a", "b"], [LONG]]),
    "pagination": ("int_value", [0, -1, 10**12]),
    "selectbox": ("string_value", ["", "no option", LONG]),
    "slider": ("double_array_value", [[float("nan")], [1e9], [-1.0], [], [1.0, 2.0]]),
    "bidi_component": (
        "json_value",
        [
            "null",
            "3",
            "[]",
            '{"typed": null}',
            '{"typed": ["7"]}',
            '{"typed": [7, 1]}',
            '{"typed": [["-1e300"], 1]}',
            '{"typed": [["1e999", "-5"], 2]}',
            '{"typed": [["' + LONG + '"], 3]}',
            '{"typed": [["7"], true]}',
            '{"typed": [["7", 7], 4]}',
            '{"typed": [[], 5]}',
            '{"typed": ["7", 6]}',
            '{"cell": null}',
            '{"cell": ["x"]}',
            '{"cell": [1, 2]}',
            '{"cell": [1000000, 2, 3]}',
            '{"cell": [-1, 0, 3]}',
            '{"cell": [NaN, 1.5, 3]}',
            '{"cell": [true, [], {}]}',
            '{"opened": -1}',
            '{"opened": 1000000}',
            '{"opened": [true]}',
            '{"drawing": {"raw": 7}}',
            '{"drawing": {"raw": {"objects": {"a": 1}}}}',
            '{"drawing": {"raw": {"objects": [null, [], 3, {"type": "Path"}, {"path": [["M"]]}]}}}',
        ],
    ),
}
"""For each kind of widget, the field of its message and what is put there."""


def state_of(widget: Any, name: str, value: Any) -> WidgetState:
    state = WidgetState(id=widget.id)
    if name.endswith("array_value"):
        getattr(state, name).data.extend(value)
    else:
        setattr(state, name, value)
    return state


def widgets(tab: Tab) -> list[tuple[str, Any, str]]:
    """The widgets on the page: kind, element and fragment."""
    shown = [(place.element.WhichOneof("type"), place) for place in tab.page.shown.values()]
    return [(kind, getattr(place.element, kind), place.fragment) for kind, place in shown if kind in VALUES]


def complaints(tab: Tab) -> list[str]:
    """What a page shows of errors that nobody foresaw."""
    broken = [element.message for element in tab.page.elements("exception")]
    return broken + [
        alert.body for alert in tab.page.elements("alert") if "went wrong on our side" in alert.body
    ]


@pytest.mark.parametrize("page", ["data", "network", "train", "evaluate", "inside", "draw"])
def test_no_value_that_a_client_can_send_breaks_a_page(server: AppServer, page: str) -> None:
    """All widgets of one kind get a value at once, and each is still shown: none was spared by another."""
    with open_tab(server.address, new_cookie(server.address)) as tab:
        tab.run(tab.page.open(page))
        found = widgets(tab)
        assert found
        alike: dict[tuple[str, str], list[Any]] = {}
        for kind, widget, fragment in found:
            alike.setdefault((kind, fragment), []).append(widget)
        for (kind, fragment), members in alike.items():
            name, values = VALUES[kind]
            for value in values:
                states = [state_of(widget, name, value) for widget in members]
                tab.run(tab.page.set(states, fragment))
                assert complaints(tab) == [], (kind, str(value)[:100])
                assert len(widgets(tab)) == len(found), (kind, str(value)[:100])
            tab.run(tab.page.open(page))
            assert complaints(tab) == []
