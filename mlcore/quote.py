"""How text that a file brought enters a sentence: on one line, bounded, with nothing invisible in it.

Every reader and check calls `quoted` on the names, cells and values that it mentions; the dashboard calls it
on whatever it shows of a visitor's files.
"""

LONGEST = 80
"""Characters of one quoted part: a name in full, and the two ends of a longer text."""

JOINERS = "\u200c\u200d"
"""Invisible, but spelling: Persian words and many emoji have them. They turn no text around."""


def quoted(text: object, most: int = LONGEST) -> str:
    """Return foreign text as it may stand in a sentence.

    White space becomes single spaces. What cannot be seen (control characters, marks that turn the direction
    of writing, halves of surrogate pairs) becomes U+FFFD, the sign for what is no letter.

    Parameters
    ----------
    text : object
        A string, or anything whose ``str`` is wanted.
    most : int
        Characters that are kept; of a longer text the middle is left out.

    Examples
    --------
    >>> quoted("digits\\n\\u202eof mine.csv")
    'digits �of mine.csv'
    >>> quoted("x" * 5_000_000 + ".csv", most=20)
    'xxxxxxxxxxxxx…xx.csv'
    """
    # A little more than is kept is examined, so that spaces that fall away do not hide a cut.
    text = _bounded(str(text), 2 * most)
    return _bounded(" ".join("".join(map(_visible, text)).split()), most)


def _bounded(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - 1 - end]}…{text[len(text) - end :]}"


def _visible(letter: str) -> str:
    if letter.isprintable() or letter in JOINERS:
        return letter
    return " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"
