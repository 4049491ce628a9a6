"""Numbers as a visitor reads them.

It stands at the end of every step of the path, where a page says what came out.
"""

from mlcore.language import _


def percent(part: float, digits: int = 1) -> str:
    """Return a part of one in percent; what is not quite all or nothing is never rounded to it.

    >>> percent(0.9734), percent(0.98617, 2), percent(1.0), percent(0.99997), percent(0.00001), percent(0.0)
    ('97.3 %', '98.62 %', '100.0 %', '> 99.9 %', '< 0.1 %', '0.0 %')
    """
    least = 10.0 ** -(digits + 2)
    text = _("{number} %")
    if 0 < part < least / 2:
        return "< " + text.format(number=f"{100 * least:.{digits}f}")
    if 1 - least / 2 < part < 1:
        return "> " + text.format(number=f"{100 * (1 - least):.{digits}f}")
    return text.format(number=f"{100 * part:.{digits}f}")
