"""Reads an OpenTimelineIO file as far as the simulation goes: flat tracks of clips and gaps, retimes and dissolves."""

import json
import os
from fractions import Fraction
from urllib.parse import unquote, urlparse

from .rates import exact, shown, timecode_of


def read(path):
    """A timeline as the state file describes one."""
    with open(path, encoding="utf-8") as file:
        cut = json.load(file)
    if not cut["OTIO_SCHEMA"].startswith("Timeline."):
        raise ValueError("not a timeline")
    tracks = cut["tracks"]["children"]
    start = cut.get("global_start_time") or {"value": 0, "rate": _first_rate(tracks)}
    rate = shown(start["rate"])
    described = {"name": cut.get("name") or os.path.splitext(os.path.basename(path))[0], "rate": rate,
                 "start": timecode_of(round(start["value"]), rate), "video": [], "audio": []}
    for track in tracks:
        kind = track.get("kind", "Video").lower()
        described[kind].append(_track(track, exact(rate), os.path.dirname(path)))
    return described


def written(timeline, late):
    """A timeline as an OpenTimelineIO file has it; its clips begin so many frames late."""
    rate = float(exact(timeline.rate))
    children = []
    for kind in ("video", "audio"):
        for track in timeline.tracks[kind]:
            children.append({"OTIO_SCHEMA": "Track.1", "name": track.name, "kind": kind.title(), "enabled": track.enabled,
                             "children": _written(track.items, rate, late)})
    start = {"OTIO_SCHEMA": "RationalTime.1", "value": timeline.first, "rate": rate}
    return {"OTIO_SCHEMA": "Timeline.1", "name": timeline.name, "global_start_time": start,
            "tracks": {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": children}}


def _written(items, rate, late):
    children, passed = [], -late
    for item in sorted(items, key=lambda item: item.start):
        if item.start > passed:
            children.append({"OTIO_SCHEMA": "Gap.1", "source_range": _range(0, item.start - passed, rate)})
        passed = item.start + item.duration
        source = exact(item.media.rate) if item.media else None
        begin = float(item.source_start / source * exact(rate)) if item.media else 0
        media = {"OTIO_SCHEMA": "MissingReference.1"}
        if item.media and item.media.first is None:
            media = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": item.media.path,
                     "available_range": _range(0, item.media.frames, float(source))}
        effects = []
        if item.speed != 1:
            effects.append({"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": float(item.speed)})
        children.append({"OTIO_SCHEMA": "Clip.1", "name": item.name, "enabled": item.enabled, "effects": effects,
                         "source_range": _range(begin, item.duration, rate), "media_reference": media})
    return children


def _range(start, duration, rate):
    times = {"start_time": start, "duration": duration}
    return dict({key: {"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": rate} for key, value in times.items()},
                OTIO_SCHEMA="TimeRange.1")


def _first_rate(tracks):
    return next(child["source_range"]["duration"]["rate"] for track in tracks for child in track["children"]
                if child.get("source_range"))


def _track(track, rate, folder):
    items, dissolves, passed, last, waiting = [], [], Fraction(0), None, None
    for child in track["children"]:
        schema = child["OTIO_SCHEMA"].split(".")[0]
        if schema == "Transition":
            before, behind = (_seconds(child[key]) * rate for key in ("in_offset", "out_offset"))
            waiting = [round(passed - before), round(before + behind), last, None]
            dissolves.append(waiting)
            continue
        if schema not in ("Clip", "Gap"):
            raise ValueError("nested timelines are not simulated")
        used = child.get("source_range") or _available(child)
        start, frames = round(passed), _seconds(used["duration"]) * rate
        passed += frames
        last = None
        if schema == "Clip":
            items.append(_item(child, used, start, round(passed) - start, folder))
            last = len(items) - 1
        if waiting:
            waiting[3], waiting = last, None
    return {"name": track.get("name", ""), "enabled": track.get("enabled", True), "items": items,
            "dissolves": dissolves}


def _item(clip, used, start, duration, folder):
    item = {"name": clip.get("name", ""), "start": start, "duration": duration, "enabled": clip.get("enabled", True)}
    media, available = _media(clip), _available(clip)
    rate = exact((available or used)["duration"]["rate"])
    begin = _seconds(used["start_time"]) - (_seconds(available["start_time"]) if available else 0)
    item["source_start"] = begin * rate
    for effect in clip.get("effects") or []:
        if effect["OTIO_SCHEMA"].startswith("FreezeFrame."):
            item["speed"] = 0
        elif effect["OTIO_SCHEMA"].startswith("LinearTimeWarp."):
            item["speed"] = item.get("speed", 1) * effect["time_scalar"]
    if media and media.get("target_url"):
        item["media"] = _path(media["target_url"], folder)
    elif media and "target_url_base" in media:
        number = "%%0%dd" % media["frame_zero_padding"]
        name = media["name_prefix"] + number + media["name_suffix"]
        item["media"], item["first"] = os.path.join(_path(media["target_url_base"], folder), name), media["start_frame"]
    return item


def _media(clip):
    if "media_references" in clip:
        return clip["media_references"].get(clip.get("active_media_reference_key", "DEFAULT_MEDIA"))
    return clip.get("media_reference")


def _available(clip):
    return (_media(clip) or {}).get("available_range")


def _path(url, folder):
    parts = urlparse(url)
    return os.path.join(folder, unquote(parts.path) if parts.scheme == "file" else url)


def _seconds(time):
    """Frame grids step by nominal rates."""
    return Fraction(time["value"]).limit_denominator(10**6) / exact(time["rate"])
