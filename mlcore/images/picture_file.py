"""Decodes a picture file (PNG, JPEG, TIFF, HEIC, …) into a grey image; the only module that needs Pillow.

The reader of picture folders uses it, and so does the Draw page for a photo of a digit.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.errors import DatasetError
from mlcore.language import _

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "AVIF")
HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
JPEG = ("JPEG", "MPO")  # what two lenses took together is an MPO
MAX_PIXELS = 25_000_000  # 100 MB decoded
MAX_JPEG_PIXELS = (
    89_000_000  # what Pillow takes without a warning; a JPEG is decoded at an eighth when it is large
)

DEPTHS = (255, 1023, 4095, 16383, 65535)  # white with 8, 10, 12, 14 and 16 bits

# Red, green and blue in the brightness that an eye sees (ITU-R BT.601), as Pillow has it.
LUMINANCE = (0.299, 0.587, 0.114)


def read_picture(
    name: str, file: bytes | BinaryIO, longest_side: int, *, colours: bool = False
) -> UInt8Array:
    """Return a picture as grey levels, ``(height, width)``, upright as its camera held it.

    With ``colours``, one that has colours is returned as ``(height, width, 3)`` red, green and blue. What is
    transparent counts as paper: white under dark ink, black under light ink.

    Parameters
    ----------
    name : str
        For sentences about it.
    file : bytes or binary file
    longest_side : int
        A picture that is larger than this is shrunk to it; JPEG is decoded at a smaller size right away.

    Raises
    ------
    DatasetError
        When it is no picture, damaged, or too large.
    """
    # Here, since workers import this package and never read a picture.
    from PIL import Image, ImageOps

    with _sentences(name):
        opened = _open(name, file)
        _check_size(name, opened)
        opened.draft("RGB" if colours else "L", (longest_side, longest_side))
        ImageOps.exif_transpose(opened, in_place=True)
        image = opened.convert("RGB") if colours and _is_opaque_colour(opened) else _without_colour(opened)
        image.thumbnail((longest_side, longest_side), Image.Resampling.BOX)
        pixels = np.array(image)
        return pixels if image.mode == "RGB" else grey_of(pixels)


@dataclass(frozen=True)
class DecodingCost:
    """What decoding one picture takes.

    Attributes
    ----------
    pixels : int
        How many are decoded; of a JPEG that is shrunk meanwhile, a quarter counts.
    bytes : int
        Memory at the peak.
    size : (int, int)
        Width and height of the picture.
    is_deep : bool
        Whether its grey levels have more than 8 bits.
    """

    pixels: int
    bytes: int
    size: tuple[int, int]
    is_deep: bool


def decoding_cost(name: str, file: BinaryIO, longest_side: int) -> DecodingCost:
    """Return what `read_picture` would take for a picture, from its header alone.

    Raises
    ------
    DatasetError
        When it is no picture, or too large.
    """
    with _sentences(name):
        opened = _open(name, file)
        _check_size(name, opened)
        width, height = opened.size
        if opened.format not in JPEG:
            # RGBA, and a copy of it
            return DecodingCost(width * height, 8 * width * height, (width, height), _is_deep(opened))
        # A progressive one is unpacked whole, two bytes for each of three colours, before it is shrunk.
        unpacked = 6 * width * height if opened.info.get("progressive") else 0
        opened.draft("L", (longest_side, longest_side))
        peak = unpacked + 8 * opened.width * opened.height
        return DecodingCost(width * height // 4, peak, (width, height), False)


def _open(name: str, file: bytes | BinaryIO) -> Image:
    """Return a picture of which the header is read, and nothing is decoded yet."""
    from PIL import Image

    stream = io.BytesIO(file) if isinstance(file, bytes) else file
    head = stream.read(12)
    stream.seek(0)
    if head[4:8] == b"ftyp" and head[8:] in HEIF_BRANDS:
        _learn_heif(name)
        return Image.open(stream, formats=("HEIF",))
    return Image.open(stream, formats=FORMATS)


def _learn_heif(name: str) -> None:
    """Let Pillow read HEIC pictures, as iPhones take them, where the package for it is installed."""
    try:
        import pillow_heif
    except ImportError as error:
        message = _(
            "{file} is a HEIC picture, as iPhones take them, which is not read here. Save it as PNG or JPEG, "
            "or install pillow-heif."
        )
        raise DatasetError(message.format(file=name)) from error
    pillow_heif.register_heif_opener()


@contextmanager
def _sentences(name: str) -> Iterator[None]:
    """Turn whatever a picture's decoder raises into a `DatasetError`."""
    from PIL import Image

    try:
        yield
    except DatasetError:
        raise
    except MemoryError as error:
        message = _("There is not enough memory to decode {file}. Save it smaller.")
        raise DatasetError(message.format(file=name)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DatasetError(_("{file} has too many pixels. Save it smaller.").format(file=name)) from error
    except Exception as error:  # Pillow's decoders raise almost anything for damaged files
        message = _(
            "{file} is not a picture that can be read (PNG, JPEG, WebP, BMP, GIF, TIFF, PGM). Save it again "
            "as PNG."
        )
        raise DatasetError(message.format(file=name)) from error


def _check_size(name: str, image: Image) -> None:
    """Raise before pixels are decoded: some hundred bytes can announce billions of them."""
    limit = MAX_JPEG_PIXELS if image.format in JPEG else MAX_PIXELS
    width, height = image.size
    if width * height > limit:
        message = _(
            "{file} has {width:,}×{height:,} pixels; at most {limit:,.0f} million can be read. "
            "Save it smaller."
        )
        raise DatasetError(message.format(file=name, width=width, height=height, limit=limit / 1e6))


def _is_deep(image: Image) -> bool:
    return image.mode[0] in "IF"


def _is_opaque_colour(image: Image) -> bool:
    """Whether a picture has colours, and nothing transparent."""
    transparent = "A" in image.getbands() or "transparency" in image.info
    return not transparent and image.mode in ("RGB", "P", "CMYK", "YCbCr")


def _without_colour(image: Image) -> Image:
    """Return a picture in mode L, or in RGBA when some of it is transparent."""
    if _is_deep(image):
        from PIL import Image as pillow

        return pillow.fromarray(bytes_of_deep(np.asarray(image)))
    if "A" in image.getbands() or "transparency" in image.info:
        return image.convert("RGBA")
    return image if image.mode == "L" else image.convert("RGB").convert("L")


def bytes_of_deep(levels: NDArray[Any]) -> UInt8Array:
    """Return grey levels of 16 bits or more, or fractions, as bytes.

    What is white depends on the largest value: programs store 8, 10, 12 or 14 bits in 16, and fractions from
    0 to 1 in floats.

    >>> bytes_of_deep(np.array([0, 255], np.uint16)), bytes_of_deep(np.array([0, 2000, 4095], np.uint16))
    (array([  0, 255], dtype=uint8), array([  0, 125, 255], dtype=uint8))
    >>> bytes_of_deep(np.array([0.2, 1.0], np.float32))
    array([ 51, 255], dtype=uint8)
    """
    largest = levels.max()
    whole = levels.dtype.kind in "ui" or largest > 1
    white = next((depth for depth in DEPTHS if largest <= depth), largest) if whole else 1
    result: UInt8Array = np.rint(np.maximum(levels, 0) * (255 / white)).astype(np.uint8)
    return result


def grey_of(pixels: NDArray[Any]) -> UInt8Array:
    """Return the grey levels of ``(height, width)``, ``(…, 3)`` RGB or ``(…, 4)`` RGBA pixels.

    >>> grey_of(np.array([[[255, 255, 255, 255], [0, 0, 0, 0]]], np.uint8))
    array([[255,   0]], dtype=uint8)
    >>> grey_of(np.array([[[0, 0, 0, 255], [0, 0, 0, 0]]], np.uint8))
    array([[  0, 255]], dtype=uint8)
    """
    if pixels.ndim == 2:
        return pixels.astype(np.uint8, copy=False)
    grey = pixels[..., :3] @ np.array(LUMINANCE)
    if pixels.shape[2] == 4:
        cover = pixels[..., 3] / 255
        ink_is_light = (grey * cover).sum() > 127.5 * cover.sum()
        grey = grey * cover + (1 - cover) * (0 if ink_is_light else 255)
    levels: UInt8Array = np.rint(grey).astype(np.uint8)
    return levels
