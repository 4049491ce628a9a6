"""The fields for a number on a page under `AppTest`, which knows Streamlit's own widgets only.

Tests of pages and forms find a field by its label, read what it shows, and type into it.
"""

import json
from dataclasses import dataclass
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest


@dataclass(frozen=True)
class NumberField:
    """One field of `dashboard.ui.number_field` as it stands on the page.

    Attributes
    ----------
    app : AppTest
    widget_id : str
    data : dict
        What the browser is told of it.
    """

    app: AppTest
    widget_id: str
    data: dict[str, Any]

    @property
    def label(self) -> str:
        """The name above the field."""
        return str(self.data["label"])

    @property
    def text(self) -> str:
        """What stands in the field."""
        return str(self.data["text"])

    @property
    def problem(self) -> str:
        """The sentence below the field."""
        return str(self.data["problem"])

    def type(self, *texts: object) -> AppTest:
        """Type a text and leave the field, or several before the page has answered; it runs again."""
        widgets = self.app._tree.get_widget_states()
        typed = [[*map(str, texts)], self.data["turn"] + len(texts)]
        widgets.widgets.append(WidgetState(id=self.widget_id, json_value=json.dumps({"typed": typed})))
        return self.app._run(widgets)


def number_fields(app: Any) -> list[NumberField]:
    """Return the fields of a page, or of a part of it."""
    found = [element.proto for element in app.get("bidi_component")]
    return [
        NumberField(app, proto.id, json.loads(proto.json))
        for proto in found
        if proto.component_name == "digit_lab_number_field"
    ]


def number_field(app: Any, label: str) -> NumberField:
    """Return the field with this label."""
    return next(field for field in number_fields(app) if field.label == label)
