"""Timelines, their tracks and what lies on them."""

import json
from fractions import Fraction

from . import cut_file
from .base import ApiObject, Named
from .grades import Graph
from .rates import exact, frames_of, shown, timecode_of

TRACK_TYPES = ("video", "audio", "subtitle")
CONSTANTS = {name: number for number, name in enumerate((
    "EXPORT_AAF", "EXPORT_DRT", "EXPORT_EDL", "EXPORT_FCP_7_XML", "EXPORT_OTIO", "EXPORT_NONE"))}


class Track:
    """One track. It has no object of its own in the API."""

    def __init__(self, name, items, enabled=True):
        self.name, self.items, self.enabled, self.locked = name, items, enabled, False
        # (first frame, frames, outgoing item or None, incoming item or None), from the timeline's start.
        self.dissolves = []
        # What scripts see of these, where they see anything.
        self.transitions = []


class TimelineItem(Named):
    """A clip, title or generator on a track."""

    def __init__(self, application, timeline, described):
        super().__init__(application, described.get("name", ""))
        self.timeline = timeline
        # Frames from the timeline's start.
        self.start, self.duration = described["start"], described["duration"]
        self.media = application.media(described.get("media"), described)
        self.source_start = Fraction(described.get("source_start", 0))
        self.speed = Fraction(described.get("speed", 1)).limit_denominator(1000)
        self.enabled = described.get("enabled", True)
        looks = described.get("looks", ["warm"])
        self.versions = {"Version 1": [Graph(application, looks)]}
        self.version = "Version 1"
        self.group = application.group(described.get("group"))

    @property
    def layers(self):
        return self.versions[self.version]

    def source_frame(self, frame):
        """The index in the medium of the picture at a frame, counted from the timeline's start; None without medium."""
        if self.media is None or self.media.frames == 0:
            return None
        run, low = frame - self.start, self.source_start
        per_frame = abs(self.speed) * self.media.rate / exact(self.timeline.rate)
        if self.speed < 0:
            run = self.duration - 1 - run
        index = int(low + run * per_frame)
        return min(max(index, 0), self.media.frames - 1)

    def filters(self):
        """The grade as it is now, group and timeline included."""
        graphs = [graph for graph in self.layers]
        if self.group:
            graphs = [self.group.before] + graphs + [self.group.behind]
        return [found for graph in graphs + [self.timeline.graph] for found in graph.filters()]

    def state(self):
        return {
            "name": self.name, "enabled": self.enabled, "version": self.version,
            "versions": {name: [graph.state() for graph in layers] for name, layers in self.versions.items()},
        }

    def GetStart(self, subframe_precision=False):
        return self.timeline.first + self.start

    def GetEnd(self, subframe_precision=False):
        return self.timeline.first + self.start + self.duration

    def GetDuration(self, subframe_precision=False):
        return self.duration

    def GetLeftOffset(self, subframe_precision=False):
        return int(self.source_start)

    def GetRightOffset(self, subframe_precision=False):
        if self.media is None:
            return 0
        return max(self.media.frames - int(self.source_start) - self.duration, 0)

    def GetSourceStartFrame(self):
        return int(self.source_start)

    def GetSourceEndFrame(self):
        per_frame = abs(self.speed) * (self.media.rate if self.media else 1) / exact(self.timeline.rate)
        return int(self.source_start + (self.duration - self.quirks["source_end_is_last"]) * per_frame)

    def GetMediaPoolItem(self):
        return self.media

    def GetClipEnabled(self):
        return self.enabled

    def SetClipEnabled(self, Bool):
        self.enabled = bool(Bool)
        return True

    def GetTrackTypeAndIndex(self):
        return next([kind, number + 1] for kind in TRACK_TYPES
                    for number, track in enumerate(self.timeline.tracks[kind]) if self in track.items)

    def GetLinkedItems(self):
        return []

    def GetColorGroup(self):
        return self.group

    def GetNodeGraph(self, layerIdx=1):
        return self.layers[layerIdx - 1] if 1 <= layerIdx <= len(self.layers) else None

    def SetCDL(self, cdlMap):
        try:
            node = self.layers[0].node(int(cdlMap["NodeIndex"]))
            cdl = {key: cdlMap[key] for key in ("Slope", "Offset", "Power", "Saturation")}
            lengths = [len([float(part) for part in value.split()]) for value in cdl.values()]
        except (KeyError, TypeError, ValueError, AttributeError):
            return False
        if node is None or lengths != [3, 3, 3, 1]:
            return False
        node.cdl = cdl
        return True

    def GetNumNodes(self):
        return self.layers[0].GetNumNodes()

    def SetLUT(self, nodeIndex, lutPath):
        return self.layers[0].SetLUT(nodeIndex, lutPath)

    def GetLUT(self, nodeIndex):
        return self.layers[0].GetLUT(nodeIndex)

    def GetNodeLabel(self, nodeIndex):
        return self.layers[0].GetNodeLabel(nodeIndex)

    def AddVersion(self, versionName, versionType):
        if versionType != 0 or not versionName or versionName in self.versions:
            return False
        copied = self.quirks["new_version"] == "copy"
        self.versions[versionName] = [graph.copy() for graph in self.layers] if copied else [Graph(self.application)]
        self.version = versionName
        return True

    def GetCurrentVersion(self):
        return {"versionName": self.version, "versionType": 0}

    def GetVersionNameList(self, versionType):
        return list(self.versions) if versionType == 0 else []

    def LoadVersionByName(self, versionName, versionType):
        if versionType != 0 or versionName not in self.versions:
            return False
        self.version = versionName
        return True

    def DeleteVersionByName(self, versionName, versionType):
        # The one that is shown cannot be deleted.
        if versionType != 0 or versionName not in self.versions or versionName == self.version:
            return False
        del self.versions[versionName]
        return True

    def RenameVersionByName(self, oldName, newName, versionType):
        if versionType != 0 or oldName not in self.versions or newName in self.versions:
            return False
        self.versions = {newName if name == oldName else name: layers for name, layers in self.versions.items()}
        self.version = newName if self.version == oldName else self.version
        return True

    def CopyGrades(self, tgtTimelineItems):
        for item in tgtTimelineItems:
            item.versions[item.version] = [graph.copy() for graph in self.layers]
        return True


class Timeline(Named):
    """A timeline of the project."""

    def __init__(self, application, described):
        super().__init__(application, described["name"])
        self.rate = described.get("rate", "24")
        self.drop = "DF" in self.rate
        self.first = frames_of(described.get("start", "01:00:00:00"), self.rate)
        self.size = described.get("size", [256, 160])
        self.graph = Graph(application)
        self.marks = dict(described.get("marks", {}))
        self.playhead = self.first
        self.tracks = {kind: [] for kind in TRACK_TYPES}
        for kind in TRACK_TYPES:
            for number, track in enumerate(described.get(kind, [])):
                items = [TimelineItem(application, self, item) for item in track["items"]]
                made = Track(track.get("name", "%s %d" % (kind.title(), number + 1)), items, track.get("enabled", True))
                for start, frames, going, coming in track.get("dissolves", []):
                    made.dissolves.append((start, frames, items[going] if going is not None else None,
                                           items[coming] if coming is not None else None))
                self.tracks[kind].append(made)

    @property
    def length(self):
        items = (item for tracks in self.tracks.values() for track in tracks for item in track.items)
        ends = [item.start + item.duration for item in items]
        return max(ends, default=0)

    def track(self, kind, number):
        tracks = self.tracks.get(kind, [])
        return tracks[number - 1] if isinstance(number, int) and 1 <= number <= len(tracks) else None

    def state(self):
        tracks = {kind: [{"name": track.name, "enabled": track.enabled, "locked": track.locked,
                          "items": [item.state() for item in track.items]} for track in tracks]
                  for kind, tracks in self.tracks.items() if tracks}
        return {"id": self.id, "name": self.name, "start": self.first, "marks": self.marks, "graph": self.graph.state(),
                "tracks": tracks}

    def SetName(self, timelineName):
        if any(other.name == timelineName for other in self.application.project.timelines):
            return False
        self.name = timelineName
        return True

    def GetStartFrame(self):
        return self.first

    def GetEndFrame(self):
        return self.first + self.length - self.quirks["end_frame_is_last"]

    def GetStartTimecode(self):
        return timecode_of(self.first, self.rate, self.drop)

    def SetStartTimecode(self, timecode):
        try:
            self.first = frames_of(timecode, self.rate)
        except ValueError:
            return False
        return True

    def GetCurrentTimecode(self):
        return timecode_of(self.playhead, self.rate, self.drop)

    def SetCurrentTimecode(self, timecode):
        try:
            self.playhead = frames_of(timecode, self.rate)
        except ValueError:
            return False
        return True

    def GetCurrentVideoItem(self):
        for track in reversed(self.tracks["video"]):
            for item in track.items:
                if item.start <= self.playhead - self.first < item.start + item.duration:
                    return item
        return None

    def GetTrackCount(self, trackType):
        return len(self.tracks.get(trackType, []))

    def GetTrackName(self, trackType, trackIndex):
        track = self.track(trackType, trackIndex)
        return track.name if track else None

    def GetIsTrackEnabled(self, trackType, trackIndex):
        track = self.track(trackType, trackIndex)
        return track.enabled if track else False

    def SetTrackEnable(self, trackType, trackIndex, Bool):
        track = self.track(trackType, trackIndex)
        if track is None:
            return False
        track.enabled = bool(Bool)
        return True

    def GetIsTrackLocked(self, trackType, trackIndex):
        track = self.track(trackType, trackIndex)
        return track.locked if track else False

    def SetTrackLock(self, trackType, trackIndex, Bool):
        track = self.track(trackType, trackIndex)
        if track is None:
            return False
        track.locked = bool(Bool)
        return True

    def GetItemListInTrack(self, trackType, index):
        track = self.track(trackType, index)
        if track is None:
            return None
        if not self.quirks["transitions_are_items"]:
            return list(track.items)
        while len(track.transitions) < len(track.dissolves):
            start, frames = track.dissolves[len(track.transitions)][:2]
            described = {"name": "Cross Dissolve", "start": start, "duration": frames, "looks": []}
            track.transitions.append(TimelineItem(self.application, self, described))
        return sorted(track.items + track.transitions, key=lambda item: item.start)

    def Export(self, fileName, exportType, exportSubtype):
        if exportType != CONSTANTS["EXPORT_OTIO"] or self.quirks["export"] == "none":
            return False
        described = cut_file.written(self, 1 if self.quirks["export"] == "shifted" else 0)
        with open(fileName, "w", encoding="utf-8") as file:
            json.dump(described, file)
        return True

    def ApplyGradeFromDRX(self, path, gradeMode, *items):
        items = items[0] if items and isinstance(items[0], list) else items
        return bool(items) and all(item.layers[0].ApplyGradeFromDRX(path, gradeMode) for item in items)

    def GetMediaPoolItem(self):
        return self.application.project.pool.timeline_item(self)

    def GetNodeGraph(self):
        return self.graph

    def rate_setting(self):
        rate = shown(self.rate)
        return rate if "." in rate else self.quirks["rate_setting"].format(rate)

    def GetSetting(self, settingName=None):
        settings = dict(self.application.project.settings)
        settings.update({
            "timelineFrameRate": self.rate_setting() + (" DF" if self.drop else ""),
            "timelineResolutionWidth": str(self.size[0]),
            "timelineResolutionHeight": str(self.size[1]),
        })
        return settings.get(settingName, "") if settingName else settings

    def SetSetting(self, settingName, settingValue):
        return False

    def GetMarkInOut(self):
        return {kind: dict(marks) for kind, marks in self.marks.items()}

    def SetMarkInOut(self, mark_in, mark_out, type="all"):
        if not 0 <= mark_in <= mark_out < self.length or type not in ("video", "audio", "all"):
            return False
        for kind in ("video", "audio") if type == "all" else (type,):
            self.marks[kind] = {"in": mark_in, "out": mark_out}
        return True

    def ClearMarkInOut(self, type="all"):
        for kind in ("video", "audio") if type == "all" else (type,):
            self.marks.pop(kind, None)
        return True


def delete(objects):
    """Leaves the handles that scripts still have without an object."""
    for thing in objects:
        if isinstance(thing, ApiObject):
            thing.alive = False
