"""The one place among a visitor's runs that a search takes, however many runs it trains.

The run service counts it where it counts live runs. Under the name of the claim a search owns its runs.
"""

from dataclasses import dataclass, field

from dashboard.runs.place import Place

MARK = "search-"
"""Begins the name of each claim: no visitor is called so, as they have hexadecimal numbers for names."""


@dataclass(eq=False)
class Claim:
    """A visitor's place that is taken by a search; see `Run` for the parts of the same name."""

    owner: str
    place: Place
    left_at: float
    sessions: set[str] = field(default_factory=set)
    live: bool = True

    def belongs_to(self, owner: str, place: Place) -> bool:
        """Whether it counts as this visitor's; a session with another secret is still the same session."""
        return self.owner == owner or self.place.shares_session(place)
