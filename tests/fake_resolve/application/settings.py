"""The render settings: the documented keys, and what each of them takes."""

_number = (int, float)
_TYPES = {
    "SelectAllFrames": int,
    "MarkIn": int,
    "MarkOut": int,
    "TargetDir": str,
    "CustomName": str,
    "UniqueFilenameStyle": int,
    "ExportVideo": int,
    "ExportAudio": int,
    "FormatWidth": int,
    "FormatHeight": int,
    "FrameRate": _number + (str,),
    "PixelAspectRatio": str,
    "VideoQuality": (int, str),
    "AudioCodec": str,
    "AudioBitDepth": int,
    "AudioSampleRate": int,
    "ColorSpaceTag": str,
    "GammaTag": str,
    "ExportAlpha": int,
    "EncodingProfile": str,
    "MultiPassEncode": int,
    "AlphaMode": int,
    "NetworkOptimization": int,
    "ClipStartFrame": int,
    "TimelineStartTimecode": str,
    "ReplaceExistingFilesInPlace": int,
    "ExportSubtitle": int,
    "SubtitleFormat": str,
}
KEYS = tuple(_TYPES)
_QUALITIES = ("Least", "Low", "Medium", "High", "Best")

DEFAULTS = {"SelectAllFrames": True, "TargetDir": "", "CustomName": "", "ExportVideo": True, "ExportAudio": True}


def known(settings):
    """Those of the settings that have a known key; None if one of them cannot be: then none is taken."""
    if not isinstance(settings, dict):
        return None
    taken = {key: value for key, value in settings.items() if key in _TYPES}
    for key, value in taken.items():
        if not isinstance(value, _TYPES[key]):
            return None
        if key in ("FormatWidth", "FormatHeight") and value <= 0:
            return None
        if key == "VideoQuality" and isinstance(value, str) and value not in _QUALITIES:
            return None
    return taken
