"""What differs between Resolve's versions, platforms and settings, as far as scripts notice it."""

# One that behaves as the documentation leads one to expect, where it says anything.
USUAL = {
    # Methods that this version does not have yet.
    "missing": [],
    # Methods that take no argument yet.
    "without_arguments": [],
    # Rendered files lie in this folder under the target; {name} and {timeline} are filled in.
    "sub_folder": "",
    # Between the custom name and the eight digits of a frame number.
    "number_separator": "",
    # What GetRenderCodecs takes: "extension", "label", or either.
    "codecs_by": "either",
    # Whether the formats are listed backwards, and how codecs are labelled.
    "formats_backwards": False,
    "codec_labels": {},
    # Codecs that are listed and refused when they are set.
    "refused_codecs": [],
    # Status texts, which follow the language of the user interface.
    "status": {},
    # Whether whole numbers come as 86400.0.
    "numbers_as_float": False,
    # How often a job that was started is still said to be ready, and nothing to be in progress.
    "ready_after_start": 0,
    # Files that lie beside those that were rendered; {name} is filled in.
    "litter": [],
    # Without a project, one that is called so is open; or none at all.
    "untitled": None,
    # Marks outside of the timeline: "refused" or "clipped".
    "marks_outside": "refused",
    # The last frame of a timeline, and of an item's source, or one behind.
    "end_frame_is_last": False,
    "source_end_is_last": True,
    # A timeline of a name that exists: "refused" or "numbered".
    "same_name": "refused",
    # The bin of an imported timeline: "current" or "root".
    "import_into": "current",
    "delete_while_rendering": True,
    "named_arguments": True,
    # The page that starting a render opens, if any, and whether jobs can be added on another one.
    "render_opens_page": "deliver",
    "jobs_need_page": False,
    # A new version of a grade: "copy" of the one before, or "blank".
    "new_version": "copy",
    # Whether an empty path takes a LUT off a node.
    "empty_lut_clears": True,
    # Whether LUT files outside of Resolve's own folder are found.
    "luts_anywhere": True,
    # "{}" is the rate as Resolve shows it.
    "rate_setting": "{}",
    # What calls do once the application is gone.
    "raises_when_gone": False,
    # Whether transitions are items of their track, too.
    "transitions_are_items": False,
    # A job that is done says so, or goes on to say "Rendering" at 100 %.
    "stuck_at_the_end": False,
    # What Export writes as OTIO: "right", nothing ("none"), or all clips a frame late ("shifted").
    "export": "right",
    # Whether the end frame of a clip that is appended is its last one, or the one behind.
    "append_end_is_last": True,
    # Whether a node without a LUT has the LUT "" or none at all.
    "no_lut": "",
    # Whether whole numbers come as "86400", and what is no comes as nothing.
    "numbers_as_text": False,
    "nothing_for_no": False,
    # What AppendToTimeline gives: the "items", or whether it did it ("done").
    "appended": "items",
    # Whether the list of jobs has those that scripts added.
    "jobs_listed": True,
    # Whether a job's status has words.
    "status_has_words": True,
    # What follows the name of a timeline that is imported or made by a script.
    "name_suffix": "",
}

# Methods that came with a version, and one that moved.
_SINCE_19_0 = ["Timeline.GetNodeGraph", "TimelineItem.GetNodeGraph", "TimelineItem.GetColorGroup",
               "Project.GetColorGroupsList"]
_SINCE_19_0_2 = ["TimelineItem.GetSourceStartFrame", "TimelineItem.GetSourceEndFrame"]
_SINCE_19_1 = ["Timeline.GetMarkInOut", "Timeline.SetMarkInOut", "Timeline.ClearMarkInOut", "Project.DeleteRenderPreset",
               "Graph.ApplyGradeFromDRX", "Graph.ResetAllGrades", "Graph.SetNodeCacheMode", "Graph.GetNodeCacheMode"]
_UNTIL_19_1 = ["Timeline.ApplyGradeFromDRX"]
_WITHOUT_ARGUMENTS = ["TimelineItem.GetStart", "TimelineItem.GetEnd", "TimelineItem.GetDuration",
                      "TimelineItem.GetLeftOffset", "TimelineItem.GetRightOffset"]

# As little as possible like the other.
OTHER = {
    "missing": ["Timeline.GetMarkInOut", "Timeline.SetMarkInOut", "Timeline.ClearMarkInOut", "Graph.ResetAllGrades",
                "TimelineItem.ResetAllNodeColors", "Graph.SetNodeCacheMode", "Graph.GetNodeCacheMode"],
    "without_arguments": ["TimelineItem.GetStart", "TimelineItem.GetEnd", "TimelineItem.GetDuration",
                          "TimelineItem.GetLeftOffset", "TimelineItem.GetRightOffset"],
    "sub_folder": "{timeline}/{name}",
    "number_separator": "_",
    "codecs_by": "extension",
    "formats_backwards": True,
    "codec_labels": {"Apple ProRes 422 HQ": "ProRes 422 HQ", "Apple ProRes 4444": "ProRes 4444",
                     "DNxHR HQX": "DNxHR HQX 10-bit"},
    "status": {"Ready": "Bereit", "Rendering": "Rendert", "Complete": "Fertig", "Failed": "Fehlgeschlagen",
               "Cancelled": "Abgebrochen"},
    "numbers_as_float": True,
    "ready_after_start": 3,
    "litter": [".DS_Store", "._{name}.mov"],
    "untitled": "Untitled Project",
    "marks_outside": "clipped",
    "end_frame_is_last": True,
    "source_end_is_last": False,
    "same_name": "numbered",
    "import_into": "root",
    "delete_while_rendering": False,
    "named_arguments": False,
    "render_opens_page": None,
    "jobs_need_page": True,
    "new_version": "blank",
    "luts_anywhere": False,
    "rate_setting": "{}.0",
    "raises_when_gone": True,
    "transitions_are_items": True,
    "export": "none",
    "append_end_is_last": False,
    "stuck_at_the_end": True,
}

# By version.
SETS = {
    "usual": dict(USUAL, missing=_UNTIL_19_1),
    "other": dict(OTHER, missing=OTHER["missing"] + _UNTIL_19_1),
    "18": {"missing": ["EXPORT_OTIO"] + _SINCE_19_0 + _SINCE_19_0_2 + _SINCE_19_1, "without_arguments": _WITHOUT_ARGUMENTS},
    "19.0": {"missing": _SINCE_19_0_2 + _SINCE_19_1, "without_arguments": _WITHOUT_ARGUMENTS},
    "19.1": {"missing": _UNTIL_19_1},
}


def chosen(wanted):
    """The quirks of a state file: the name of a set, or `{"set": name, ...}` with some of them changed."""
    if isinstance(wanted, str):
        wanted = {"set": wanted}
    wanted = dict(wanted or {})
    quirks = dict(USUAL)
    quirks.update(SETS[wanted.pop("set", "usual")])
    for name, value in wanted.items():
        if name not in USUAL:
            raise ValueError("no such quirk: " + name)
        quirks[name] = value
    return quirks
