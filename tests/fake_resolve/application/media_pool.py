"""The media pool: bins, media, and timelines that are imported from files."""

import os
import subprocess
from fractions import Fraction

from . import cut_file
from .base import ApiObject, Named
from .rates import exact, timecode_of
from .timeline import Timeline, TimelineItem, delete


class MediaPoolItem(Named):
    """A medium, or the entry of a timeline."""

    def __init__(self, application, path=None, described=None, timeline=None):
        super().__init__(application, os.path.basename(path) if path else timeline.name)
        self.path, self.timeline = path, timeline
        # The first number of a sequence, whose path has a %04d.
        self.first = (described or {}).get("first")
        self.probed = None

    def probe(self):
        if self.probed is None:
            command = ["ffprobe", "-v", "error"]
            if self.first is not None:
                command += ["-start_number", str(self.first)]
            command += ["-i", self.path, "-select_streams", "v:0", "-count_packets", "-show_entries",
                        "stream=r_frame_rate,nb_read_packets,width,height", "-of", "default=nokey=0:noprint_wrappers=1"]
            made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            self.probed = dict(line.split("=", 1) for line in made.stdout.decode().split() if "=" in line)
        return self.probed

    @property
    def rate(self):
        if self.first is not None:
            return exact(self.application.project.settings["timelineFrameRate"])
        return Fraction(self.probe().get("r_frame_rate", "24"))

    @property
    def frames(self):
        return int(self.probe().get("nb_read_packets", 0))

    def properties(self):
        if self.timeline:
            return {"Type": "Timeline", "Clip Name": self.timeline.name, "FPS": self.timeline.rate, "File Path": ""}
        found = self.probe()
        return {
            "Type": "Video" if found else "", "Clip Name": self.name, "File Name": self.name, "File Path": self.path,
            "FPS": float(self.rate), "Frames": str(self.frames), "Start": "0", "End": str(max(self.frames - 1, 0)),
            "Start TC": timecode_of(0, self.rate), "Resolution": "%sx%s" % (found.get("width"), found.get("height")),
            "Online Status": "Online" if found else "Offline",
        }

    def GetClipProperty(self, propertyName=None):
        properties = self.properties()
        return properties.get(propertyName, "") if propertyName else properties

    def GetMediaId(self):
        return self.id


class Folder(Named):
    """A bin."""

    def __init__(self, application, name):
        super().__init__(application, name)
        self.clips, self.folders = [], []

    def walk(self):
        yield self
        for folder in self.folders:
            yield from folder.walk()

    def state(self):
        return {"name": self.name, "clips": sorted(clip.name for clip in self.clips),
                "folders": [folder.state() for folder in self.folders]}

    def GetClipList(self):
        return list(self.clips)

    def GetSubFolderList(self):
        return list(self.folders)


class MediaPool(ApiObject):
    """The media pool of the project."""

    def __init__(self, application):
        super().__init__(application)
        self.root = Folder(application, "Master")
        self.current = self.root

    def timeline_item(self, timeline):
        """The entry of a timeline."""
        clips = (clip for folder in self.root.walk() for clip in folder.clips)
        return next((clip for clip in clips if clip.timeline is timeline), None)

    def state(self):
        return {"current": self.current.name, "root": self.root.state()}

    def GetUniqueId(self):
        return self.id

    def GetRootFolder(self):
        return self.root

    def GetCurrentFolder(self):
        return self.current

    def SetCurrentFolder(self, folder):
        if folder not in self.root.walk():
            return False
        self.current = folder
        return True

    def AddSubFolder(self, folder, name):
        if any(other.name == name for other in folder.folders):
            return None
        made = Folder(self.application, name)
        folder.folders.append(made)
        # It is also opened.
        self.current = made
        return made

    def DeleteFolders(self, subfolders):
        for folder in list(self.root.walk()):
            for gone in [inner for inner in folder.folders if inner in subfolders]:
                folder.folders.remove(gone)
                inside = list(gone.walk())
                clips = [clip for inner in inside for clip in inner.clips]
                self.DeleteTimelines([clip.timeline for clip in clips if clip.timeline])
                delete(inside + clips)
                if self.current in inside:
                    self.current = self.root
        return True

    def DeleteClips(self, clips):
        self.DeleteTimelines([clip.timeline for clip in clips if clip.timeline])
        for folder in self.root.walk():
            folder.clips = [clip for clip in folder.clips if clip not in clips]
        delete(clips)
        return True

    def DeleteTimelines(self, timeline):
        project = self.application.project
        known = [item for item in timeline if item in project.timelines]
        for item in known:
            project.timelines.remove(item)
            entry = self.timeline_item(item)
            for folder in self.root.walk():
                folder.clips = [clip for clip in folder.clips if clip is not entry]
            if project.current is item:
                project.current = project.timelines[0] if project.timelines else None
        delete(known)
        return len(known) == len(timeline)

    def MoveClips(self, clips, targetFolder):
        for folder in self.root.walk():
            folder.clips = [clip for clip in folder.clips if clip not in clips]
        targetFolder.clips.extend(clips)
        return True

    def ImportMedia(self, items):
        made = [MediaPoolItem(self.application, path) for path in items if os.path.exists(path)]
        self.current.clips.extend(made)
        return made

    def CreateEmptyTimeline(self, name):
        project = self.application.project
        if any(timeline.name == name for timeline in project.timelines):
            return None
        size = [int(project.settings["timelineResolution" + side]) for side in ("Width", "Height")]
        described = {"name": name + self.quirks["name_suffix"], "rate": project.settings["timelineFrameRate"], "size": size, "video": [{"items": []}]}
        timeline = Timeline(self.application, described)
        self.current.clips.append(MediaPoolItem(self.application, timeline=timeline))
        project.timelines.append(timeline)
        project.current = timeline
        return timeline

    def AppendToTimeline(self, *given):
        infos = given[0] if given and isinstance(given[0], list) else list(given)
        timeline, added = self.application.project.current, []
        for info in infos:
            if not isinstance(info, dict):
                info = {"mediaPoolItem": info, "startFrame": 0, "endFrame": info.frames - 1}
            media, first = info["mediaPoolItem"], info["startFrame"]
            frames = info["endFrame"] - first + self.quirks["append_end_is_last"]
            if not 0 <= first < first + frames <= media.frames:
                return []
            item = TimelineItem(self.application, timeline, {
                "name": media.name, "start": timeline.length, "duration": frames, "source_start": first, "looks": ["none"],
                "media": media.path})
            timeline.tracks["video"][info.get("trackIndex", 1) - 1].items.append(item)
            added.append(item)
        return added if self.quirks["appended"] == "items" else True

    def ImportTimelineFromFile(self, filePath, importOptions=None):
        options = importOptions or {}
        project = self.application.project
        try:
            described = cut_file.read(filePath)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        name = options.get("timelineName") or described["name"]
        names = [timeline.name for timeline in project.timelines]
        if name in names:
            if self.quirks["same_name"] == "refused":
                return None
            name = next("%s %d" % (name, number) for number in range(1, 1000) if "%s %d" % (name, number) not in names)
        name += self.quirks["name_suffix"]
        folder = self.root if self.quirks["import_into"] == "root" else self.current
        before = set(self.application.media_by_path)
        timeline = Timeline(self.application, dict(described, name=name, size=self.application.canvas))
        if options.get("importSourceClips", True):
            folder.clips.extend(media for path, media in self.application.media_by_path.items() if path not in before)
        folder.clips.append(MediaPoolItem(self.application, timeline=timeline))
        project.timelines.append(timeline)
        # An imported timeline is opened.
        project.current = timeline
        return timeline
