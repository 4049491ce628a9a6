"""Two data sets become one, with what was decided about the images of each."""

import numpy as np

from mlcore.datasets.dataset import Dataset
from mlcore.datasets.decision import Decision
from mlcore.datasets.join import join
from mlcore.datasets.undo import undo_decision


def test_images_follow_each_other_and_decisions_stay_with_theirs() -> None:
    inverted = Decision("invert", "Two were inverted.", 2)
    one = Dataset(np.full((2, 4, 4), 250, np.uint8), [0, 1], ("a", "b"), "one", decisions=[inverted])
    other = Dataset(np.full((3, 4, 4), 10, np.uint8), [1, 1, 0], ("a", "b"), "other", notes=["Not this one."])
    both = join(one, other)
    assert (len(both), both.labels.tolist(), both.name) == (5, [0, 1, 1, 1, 0], "one")
    assert both.notes == ("Two were inverted.",)
    assert both.decisions[0].mask(5).tolist() == [True, True, False, False, False]
    assert undo_decision(both, "invert").images[:, 0, 0].tolist() == [5, 5, 10, 10, 10]
