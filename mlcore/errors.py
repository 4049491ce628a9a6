"""The errors of the project: each carries a sentence for people, and all have one base.

Pages show the text of a `DigitLabError` to the visitor as it is; the details of any other error are only in
the log.
"""


class DigitLabError(Exception):
    """Something was not possible; the message is a sentence that says what is wrong and what to do."""


class SettingError(DigitLabError, ValueError):
    """A hyperparameter has a value that it cannot have; the message says which and what is allowed."""


class DatasetError(DigitLabError, ValueError):
    """The data cannot be used; the message says what is wrong, where, and what to do."""


class NoDigitError(DigitLabError, ValueError):
    """A drawing or photo does not show one digit; the message says what helps."""


class ModelFileError(DigitLabError, ValueError):
    """The file is no model that this program can read; the message says what is wrong with it."""


class TrainingDiverged(DigitLabError, ArithmeticError):
    """The numbers have left what a computer can hold; the message says why and what to try."""


class LearnedNothing(UserWarning):
    """A training came to its end without learning anything; the message says why that may be."""


class SecondProcessError(DigitLabError, RuntimeError):
    """This run cannot be shared by two processes, or the second has died; the message says which."""
