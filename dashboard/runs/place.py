"""Where a visitor comes from, by which the places for runs are counted.

The run service bounds the live runs of one session and of one address.
"""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Place:
    """Where a visitor comes from; an empty part is not known and bounds nothing.

    Attributes
    ----------
    session : str
        The id that the server gave to the session.
    address : str
        The network address.
    """

    session: str = ""
    address: str = ""

    def shares_session(self, other: Self) -> bool:
        """Whether both are one session."""
        return bool(self.session) and self.session == other.session

    def shares_address(self, other: Self) -> bool:
        """Whether both come from one address."""
        return bool(self.address) and self.address == other.address


NOWHERE = Place()
"""Of a run that no visitor has started, as in a notebook."""
