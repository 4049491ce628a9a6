"""Numbers as a visitor reads them: percentages, durations, and when something will be.

All pages use it.
"""

from datetime import datetime, timedelta

from mlcore.language import N_, _, percent

__all__ = ["duration", "moment", "percent"]

WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


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
