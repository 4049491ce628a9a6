"""A visitor's drawing as any model sees it.

Draw gives it to the chosen model, the page Runs to each of the runs that are compared.
"""

from collections.abc import Sequence

from dashboard.ui.pictures import GreyImage
from mlcore import Model
from mlcore.images.drawing import digit_in_strokes
from mlcore.images.strokes import Stroke

SIZE = 280
"""Units of the canvas, both ways: ten for each pixel of MNIST. style.css says how large they are shown."""


def digit_of(strokes: Sequence[Stroke], model: Model) -> GreyImage:
    """Return the digit that was drawn, prepared for the model.

    Raises
    ------
    NoDigitError
        When what was drawn is no digit, or two.
    """
    return digit_in_strokes(strokes, model.frame, model.image_shape, SIZE)
