"""The page Inside in a real browser: another image is followed, and a bug turns the light red.

What needs no browser is in `tests/pages/test_inside.py`.
"""

import re

from dashboard.shipped import MODELS
from mlcore import contributions, load_dataset, load_model
from tests.e2e.steps import Visitor


def test_another_image_is_followed_and_a_bug_turns_the_light_red(visitor: Visitor) -> None:
    visitor.open("/inside?look=image", "nothing is left over")
    visitor.fill("Number in the data set", "7")
    model, image = load_model(MODELS / "mnist.npz"), load_dataset("mnist").images[7]
    found = contributions(model, image, int(model.predict(image[None])[0]))
    visitor.see(f"is {found.logit:.3f}: the pixels add {found.pixels.sum():+.3f}")
    visitor.main.get_by_text("One step", exact=True).click()
    visitor.choose("True class", "8")
    visitor.see("Green: the formulas agree")
    visitor.choose("Switch a known bug on", re.compile("Bias gradients summed"))
    visitor.see("Red: the gradient is wrong in")
