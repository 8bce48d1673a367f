"""What can be rendered: the labels and names as Resolve lists them, and what the ffmpeg command makes of them."""

# Label -> (name, the ending of files).
FORMATS = {
    "DPX": ("dpx", "dpx"),
    "EXR": ("exr", "exr"),
    "MP4": ("mp4", "mp4"),
    # Its name is not what its files end in.
    "MXF OP1A": ("mxf_op1a", "mxf"),
    "PNG": ("png", "png"),
    "QuickTime": ("mov", "mov"),
    "TIFF": ("tif", "tif"),
    "Wave": ("wav", "wav"),
}

_PRORES = "-c:v prores_ks -vendor apl0 -pix_fmt %s -profile:v %d"
_DNXHR = "-c:v dnxhd -profile:v %s -pix_fmt %s"
_DNX = {
    "DNxHR LB": ("DNxHRLB", _DNXHR % ("dnxhr_lb", "yuv422p")),
    "DNxHR SQ": ("DNxHRSQ", _DNXHR % ("dnxhr_sq", "yuv422p")),
    "DNxHR HQ": ("DNxHRHQ", _DNXHR % ("dnxhr_hq", "yuv422p")),
    "DNxHR HQX": ("DNxHRHQX", _DNXHR % ("dnxhr_hqx", "yuv422p10le")),
}
_H264 = {"H.264": ("H264", "-c:v libx264 -preset ultrafast -crf 10 -pix_fmt yuv420p")}

# Name of the format -> label of the codec -> (its name, arguments for ffmpeg).
CODECS = {
    "dpx": {
        "RGB 10-bit": ("RGB10", "-c:v dpx -pix_fmt gbrp10be"),
        "RGB 16-bit": ("RGB16", "-c:v dpx -pix_fmt rgb48be"),
    },
    "exr": {
        "RGB half (ZIP)": ("RGBHalfZIP", "-c:v exr -format half -compression zip16 -pix_fmt gbrpf32le"),
        "RGB float": ("RGBFloat", "-c:v exr -format float -pix_fmt gbrpf32le"),
    },
    "mp4": _H264,
    "mxf_op1a": dict(_DNX),
    "png": {"RGB 8-bit": ("RGB8", "-c:v png -pix_fmt rgb24"), "RGB 16-bit": ("RGB16", "-c:v png -pix_fmt rgb48be")},
    "mov": {
        "Apple ProRes 422 Proxy": ("ProRes422P", _PRORES % ("yuv422p10le", 0)),
        "Apple ProRes 422 LT": ("ProRes422LT", _PRORES % ("yuv422p10le", 1)),
        "Apple ProRes 422": ("ProRes422", _PRORES % ("yuv422p10le", 2)),
        "Apple ProRes 422 HQ": ("ProRes422HQ", _PRORES % ("yuv422p10le", 3)),
        "Apple ProRes 4444": ("ProRes4444", _PRORES % ("yuv444p10le", 4)),
        **_DNX,
        **_H264,
        "Uncompressed RGB 10-bit": ("RGB10", None),
    },
    "tif": {"RGB 8-bit": ("RGB8", "-c:v tiff -pix_fmt rgb24"), "RGB 16-bit": ("RGB16", "-c:v tiff -pix_fmt rgb48le")},
    "wav": {},
}

# Those that are one file a frame.
SEQUENCES = ("dpx", "exr", "png", "tif")


def name_of(wanted, codecs_by="either"):
    """The name of a format that is given by name or label; None if there is none."""
    by_label = {label: name for label, (name, _) in FORMATS.items()}
    if codecs_by != "extension" and wanted in by_label:
        return by_label[wanted]
    return wanted if codecs_by != "label" and wanted in CODECS else None


def ending(name):
    """What files of a format end in."""
    return next(ending for known, ending in FORMATS.values() if known == name)


def label(name):
    """The label of a format."""
    return next(label for label, (known, _) in FORMATS.items() if known == name)


def codec(name, codec_name):
    """The label and ffmpeg's arguments of a codec; None if the format has none of this name."""
    return next(((label, how) for label, (known, how) in CODECS[name].items() if known == codec_name), None)
