"""What was decided about a visitor's images is seen beside them and undone; what was trained with it answers.

The rules themselves are tested in `tests/mlcore/datasets/readers`.
"""

import re

import numpy as np

from mlcore import load_dataset, load_model
from tests.e2e.steps import TRAINING, Visitor
from tests.e2e.test_images_without_labels import bring_unlabelled, downloaded, hand_in_file
from tests.e2e.test_uploads import begin, bring, in_use
from tests.mlcore.datasets.readers import data_files as make

DIGITS = load_dataset("digits-8x8")
N_TRAIN, N_TEST = 1000, 100


def kaggle_archive() -> tuple[bytes, bytes]:
    """Return an archive as Kaggle gives it, of digits in black on white, and the test.csv in it."""
    images, labels = 255 - DIGITS.images[: N_TRAIN + N_TEST], DIGITS.labels[: N_TRAIN + N_TEST]
    train, test = make.csv(images[:N_TRAIN], labels[:N_TRAIN]), make.unlabelled_csv(images[N_TRAIN:])
    submission = "ImageId,Label\n" + "".join(f"{number},0\n" for number in range(1, N_TEST + 1))
    files = {"train.csv": train, "test.csv": test, "sample_submission.csv": submission}
    return make.archive(files), test.encode()


def brightness(visitor: Visitor) -> float:
    """Return the mean grey level of the first sample, 0 to 255."""
    picture = visitor.main.get_by_alt_text(re.compile("^[0-9], image [0-9,]+$")).first
    levels = picture.evaluate(
        """async picture => {
            await picture.decode();
            const canvas = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight);
            const pen = canvas.getContext("2d");
            pen.drawImage(picture, 0, 0);
            return [...pen.getImageData(0, 0, canvas.width, canvas.height).data].filter((_, k) => k % 4 == 0);
        }"""
    )
    return float(np.mean(levels))


def test_an_archive_of_kaggle_is_undone_trained_with_and_answered_by_the_model_of_this_visit(
    visitor: Visitor,
) -> None:
    archive, test = kaggle_archive()
    begin(visitor)
    bring(visitor, {"digit-recognizer.zip": archive})
    in_use(visitor, "digit-recognizer", "1,000")
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
    visitor.press("Do not invert")
    visitor.see(re.compile("^Undone: The images are dark on light"))
    visitor.go_to("Network")
    visitor.fill("Epochs", "10")
    visitor.go_to("Train")
    visitor.see(re.compile("10 epochs"))
    visitor.press("Start")
    visitor.see("Finished", TRAINING)
    model = load_model(visitor.download("Trained model (.npz)").path())
    visitor.go_to("Data")
    visitor.see(re.compile("^Undone: The images are dark on light"))

    # The model learned dark on light, and is asked about the file as it is.
    bring_unlabelled(visitor, hand_in_file(test))
    visitor.see("100 images, the least certain first.")
    rows = downloaded(visitor, "Download submission.csv", "submission.csv")
    answers = model.predict(255 - DIGITS.images[N_TRAIN : N_TRAIN + N_TEST])
    assert rows == [["ImageId", "Label"], *([str(k), str(guess)] for k, guess in enumerate(answers, 1))]
    right = DIGITS.labels[N_TRAIN : N_TRAIN + N_TEST] == answers
    assert right.mean() > 0.7
