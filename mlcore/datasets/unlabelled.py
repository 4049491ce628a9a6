"""Images without labels: what `read_images` returns and a model labels, and the error of a data set.

They come as the images of a data set do, white ink on black, so that the model sees what it has learned from.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from mlcore.arrays import UInt8Array
from mlcore.errors import DatasetError
from mlcore.language import _


class MissingLabels(DatasetError):
    """There are images but no labels to learn from: a data set cannot be made, but a model can be asked."""

    def __init__(self, message: str) -> None:
        step = _("A trained model can label them: choose “Images without labels” on the Evaluate page.")
        super().__init__(f"{message} {step}")


@dataclass(frozen=True, eq=False)
class UnlabelledImages:
    """Grey images without labels, in the order of their file.

    Attributes
    ----------
    images : uint8 array, ``(n, height, width)``
        White ink on black: 0 is paper, 255 is full ink.
    names : tuple of str
        What each is called: a picture by its file, the row of a table or array by its number from 1.
    name : str
        What they are called together, after their file.
    notes : tuple of str
        Sentences for the user: what was left out, and what was decided about the pixels.

    Raises
    ------
    DatasetError
        When there is not one name for each image, or no image.
    """

    images: UInt8Array
    names: tuple[str, ...]
    name: str
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.images.ndim != 3 or self.images.dtype != "uint8":
            message = _("Images must be uint8 of shape (n, height, width), not {dtype} of shape {shape}.")
            raise DatasetError(message.format(dtype=self.images.dtype, shape=self.images.shape))
        if len(self.images) == 0:
            raise DatasetError(_("There are no images. Choose another file."))
        if len(self.names) != len(self.images):
            message = _("There are {images:,} images but {names:,} names. Each image needs one name.")
            raise DatasetError(message.format(images=len(self.images), names=len(self.names)))

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        height, width = self.image_shape
        return f"UnlabelledImages({self.name!r}: {len(self)} images {height}×{width})"

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of an image, in pixels."""
        return self.images.shape[1], self.images.shape[2]

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of shape, names and pixels: the same content has the same one."""
        digest = hashlib.sha256(repr((self.images.shape, self.names)).encode("utf-8", "surrogatepass"))
        digest.update(self.images.data if self.images.flags.c_contiguous else self.images.tobytes())
        return digest.hexdigest()


def numbers_from_one(n: int) -> tuple[str, ...]:
    """Return the names of images that have none, as Kaggle's competitions number them.

    >>> numbers_from_one(3)
    ('1', '2', '3')
    """
    return tuple(str(number) for number in range(1, n + 1))
