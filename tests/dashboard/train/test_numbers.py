"""The measurements of a run as numbers, with the loss in its two parts where L2 is one of them.

These are the tests of `dashboard.train.numbers`.
"""

from dataclasses import replace

import numpy as np

from dashboard.train.numbers import numbers_table
from mlcore import NetworkHealth, TrainingConfig
from tests.dashboard.train.records import batch, measured, status

RUN = status(measured(0), batch(50), measured(100, train_accuracy=0.9), measured(200))


def test_each_measurement_is_a_row() -> None:
    table = numbers_table(RUN)
    assert table["step"].tolist() == [0, 100, 200]
    assert table["train_accuracy"].tolist() == [0.8, 0.9, 0.8]
    assert "penalty" not in table


def test_with_l2_the_loss_is_told_in_two_parts_where_they_are_known() -> None:
    noted = (NetworkHealth(0, 0.0, 0.125, ()), NetworkHealth(200, 2.0, 0.25, ()))
    training = TrainingConfig(batch_size=10, weight_decay=0.01)
    table = numbers_table(replace(RUN, training=training, health=noted))
    np.testing.assert_array_equal(table["penalty"], [0.125, np.nan, 0.25])
    np.testing.assert_array_equal(table["data"], [0.375, np.nan, 0.25])
    assert table["train_loss"].tolist() == [0.5, 0.5, 0.5]
