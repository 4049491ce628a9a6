"""What was decided about a visitor's images is seen beside them, undone and done again, and trained with.

The rules themselves are tested in `tests/mlcore/datasets/readers`.
"""

import re

import numpy as np

from mlcore import load_dataset
from tests.e2e.steps import TRAINING, Visitor
from tests.e2e.test_uploads import begin, bring, in_use
from tests.mlcore.datasets.readers import data_files as make


def kaggle_archive() -> bytes:
    """Return an archive as Kaggle gives it, of 300 digits in black on white."""
    digits = load_dataset("digits-8x8")
    images, labels = 255 - digits.images[:400], digits.labels[:400]
    train = make.csv(images[:300], labels[:300])
    test = "\n".join(line.split(",", 1)[1] for line in make.csv(images[300:], labels[300:]).splitlines())
    submission = "ImageId,Label\n" + "".join(f"{number},0\n" for number in range(1, 101))
    return make.archive({"train.csv": train, "test.csv": test, "sample_submission.csv": submission})


def brightness(visitor: Visitor) -> float:
    """Return the mean grey level of the first sample, 0 to 255."""
    picture = visitor.main.get_by_alt_text(re.compile("^[0-9], image [0-9,]+$")).first
    levels = picture.evaluate(
        """picture => {
            const canvas = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight);
            const pen = canvas.getContext("2d");
            pen.drawImage(picture, 0, 0);
            return [...pen.getImageData(0, 0, canvas.width, canvas.height).data].filter((_, k) => k % 4 == 0);
        }"""
    )
    return float(np.mean(levels))


def test_an_archive_of_kaggle_is_inverted_undone_inverted_again_and_trained_with(visitor: Visitor) -> None:
    begin(visitor)
    bring(visitor, {"digit-recognizer.zip": kaggle_archive()})
    in_use(visitor, "digit-recognizer", "300")
    visitor.see(re.compile("^The images are dark on light; they were inverted"))
    assert brightness(visitor) < 128
    visitor.press("Do not invert")
    visitor.see(re.compile("^Undone: The images are dark on light"))
    visitor.wait_until_idle()
    assert brightness(visitor) > 128
    visitor.press("Invert")
    visitor.see(re.compile("^The images are dark on light; they were inverted"))
    visitor.wait_until_idle()
    assert brightness(visitor) < 128
    visitor.go_to("Network")
    visitor.fill("Epochs", "4")
    visitor.go_to("Train")
    visitor.see(re.compile("4 epochs"))
    visitor.press("Start")
    visitor.see("Finished", TRAINING)
    visitor.go_to("Data")
    visitor.see(re.compile("^The images are dark on light; they were inverted"))
