"""Frame rates as Resolve writes them, and timecode."""

from fractions import Fraction

_NTSC = {"23.976": 24, "23.98": 24, "29.97": 30, "47.952": 48, "47.95": 48, "59.94": 60, "119.88": 120}


def exact(rate):
    """The ratio of a rate as Resolve writes it: "23.976", "24", "29.97 DF"; of one as OTIO writes it, too."""
    text = str(rate).replace(" DF", "").replace("DF", "").strip()
    for written, whole in _NTSC.items():
        if text == written or abs(float(text) - whole * 1000 / 1001) < 0.004:
            return Fraction(whole * 1000, 1001)
    return Fraction(text).limit_denominator(1001)


def shown(rate):
    """A rate as Resolve shows it."""
    rate = exact(rate)
    return str(rate.numerator) if rate.denominator == 1 else ("%.3f" % float(rate)).rstrip("0")


def frames_of(timecode, rate):
    """The frame number of a timecode. `;` before the frames means drop frame."""
    hours, minutes, seconds, frames = (int(part) for part in timecode.replace(";", ":").split(":"))
    whole = round(exact(rate))
    total = ((hours * 60 + minutes) * 60 + seconds) * whole + frames
    if ";" in timecode:
        passed = hours * 60 + minutes
        total -= whole // 15 * (passed - passed // 10)
    return total


def timecode_of(frame, rate, drop=False):
    """The timecode of a frame number."""
    whole = round(exact(rate))
    if drop:
        dropped, minute = whole // 15, whole * 60 - whole // 15
        tens, rest = divmod(frame, whole * 600 - dropped * 9)
        frame += dropped * 9 * tens
        if rest >= whole * 60:
            frame += dropped * (1 + (rest - whole * 60) // minute)
    seconds, frames = divmod(frame, whole)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return "%02d:%02d:%02d%s%02d" % (hours % 24, minutes, seconds, ";" if drop else ":", frames)
