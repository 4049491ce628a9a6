"""Numbers as a visitor reads them: percentages, durations, and when something will be.

All pages use it.
"""

from datetime import datetime, timedelta

from mlcore.language import N_, _

WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


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


def duration(seconds: float) -> str:
    """Return a time as one says it.

    >>> [duration(seconds) for seconds in (0.02, 0.2, 12.4, 59.7, 75, 675, 3720, 90_000)]
    ['< 0.1 s', '0.2 s', '12 s', '1 min', '1 min 15 s', '11 min', '1 h 2 min', '25 h']
    """
    if seconds < 0.05:
        return "< " + _("{n} s").format(n="0.1")
    if seconds < 9.5:
        return _("{n} s").format(n=f"{seconds:.1f}")
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes == 0:
        return _("{n} s").format(n=rest)
    if minutes < 60:
        seconds_too = rest and minutes < 10
        return _("{n} min").format(n=minutes) + (" " + _("{n} s").format(n=rest) if seconds_too else "")
    hours, rest = divmod(minutes, 60)
    return _("{n} h").format(n=hours) + (" " + _("{n} min").format(n=rest) if rest else "")


def moment(when: datetime, now: datetime) -> str:
    """Return when something will be, to the minute: by the day of the week, as long as that is clear.

    >>> now = datetime(2026, 11, 26, 9, 30)
    >>> [moment(now + timedelta(hours=hours), now) for hours in (1, 36, 200)]
    ['Thursday 10:30', 'Friday 21:30', '2026-12-04 17:30']
    """
    if when - now < timedelta(days=6):
        return _("{weekday} {time}").format(weekday=_(WEEKDAYS[when.weekday()]), time=f"{when:%H:%M}")
    return f"{when:%Y-%m-%d %H:%M}"
