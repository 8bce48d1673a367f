"""The project: its timelines, its render settings and its queue."""

import json
import os
import threading
import time
import uuid

from . import formats, settings
from .base import ApiObject, Named
from .gallery import Gallery
from .grades import ColorGroup
from .media_pool import MediaPool, MediaPoolItem
from .rates import shown
from .render import Render
from .timeline import Timeline


class Job:
    """One entry of the queue: a copy of what was set when it was added."""

    def __init__(self, project, number):
        timeline = project.current
        self.id = str(uuid.uuid4())
        self.timeline, self.number = timeline, number
        self.format, self.codec, self.mode = project.format, project.codec, project.render_mode
        self.settings = dict(project.render_settings)
        self.preset = project.preset
        self.first, self.last = project.marked()
        self.status, self.percent, self.error = "Ready", 0.0, None
        self.started = self.taken = None
        # How often it is still said to be ready.
        self.ready_for = project.quirks["ready_after_start"]

    def still_seems_ready(self):
        self.ready_for -= 1
        return self.ready_for >= 0

    @property
    def size(self):
        width, height = self.timeline.size
        return self.settings.get("FormatWidth", width), self.settings.get("FormatHeight", height)

    @property
    def rate(self):
        return shown(self.settings.get("FrameRate", self.timeline.rate))

    @property
    def name(self):
        return self.settings.get("CustomName") or self.timeline.name

    def listed(self):
        width, height = self.size
        codec, _ = formats.codec(self.format, self.codec)
        return {
            "JobId": self.id, "RenderJobName": "Job %d" % self.number, "TimelineName": self.timeline.name,
            "TargetDir": self.settings["TargetDir"], "IsExportVideo": bool(self.settings.get("ExportVideo", True)),
            "IsExportAudio": bool(self.settings.get("ExportAudio", True)), "FormatWidth": width,
            "FormatHeight": height, "FrameRate": self.rate, "PixelAspectRatio": 1.0, "MarkIn": self.first,
            "MarkOut": self.last, "AudioBitDepth": 24, "AudioSampleRate": 48000,
            "ExportAlpha": bool(self.settings.get("ExportAlpha", False)),
            "OutputFilename": "%s.%s" % (self.name, formats.ending(self.format)),
            "RenderMode": ("Individual clips", "Single clip")[self.mode], "PresetName": self.preset,
            "VideoFormat": formats.label(self.format), "VideoCodec": codec, "AudioCodec": "lpcm",
            "EncodingProfile": "", "MultiPassEncode": False, "NetworkOptimization": False,
        }


class Project(Named):
    """The project that is open."""

    def __init__(self, application, described):
        super().__init__(application, described.get("name", "show"))
        application.project = self
        self.settings = dict({"timelineFrameRate": "24", "nodeStackLayers": "1", "timelineResolutionWidth": "256",
                              "timelineResolutionHeight": "160"}, **described.get("settings", {}))
        self.pool, self.gallery = MediaPool(application), Gallery(application)
        self.groups = [ColorGroup(application, **group) for group in described.get("groups", [])]
        self.timelines = []
        for timeline in described.get("timelines", []):
            if "otio" in timeline:
                timeline = dict(application.read_cut(timeline["otio"]), **timeline)
            self.timelines.append(Timeline(application, dict({"size": application.canvas}, **timeline)))
        self.pool.root.clips = list(application.media_by_path.values())
        self.pool.root.clips += [MediaPoolItem(application, timeline=timeline) for timeline in self.timelines]
        current = described.get("current", 0)
        self.current = self.timelines[current] if self.timelines and current is not None else None
        self.format, self.codec = described.get("format", "mp4"), described.get("codec", "H264")
        self.render_mode = described.get("render_mode", 1)
        self.render_settings = dict(settings.DEFAULTS, **described.get("render_settings", {}))
        self.presets, self.preset = dict(described.get("presets", {})), "Custom"
        self.jobs, self.jobs_made, self.render = [], 0, None
        for _ in range(described.get("queued", 0)):
            self.render_settings["TargetDir"] = application.folder
            self.add_job()
        self.busy = described.get("rendering", False)

    def state(self):
        """What a script can read and put back."""
        return {
            "name": self.name, "timelines": [timeline.state() for timeline in self.timelines],
            "current": self.current.id if self.current else None, "format": self.format, "codec": self.codec,
            "render_mode": self.render_mode, "jobs": [job.id for job in self.jobs], "presets": sorted(self.presets),
            "media_pool": self.pool.state(), "gallery": self.gallery.state(),
            "groups": [{"name": group.name, "before": group.before.state(), "behind": group.behind.state()}
                       for group in self.groups],
        }

    def marked(self):
        """The first and the last frame that would be rendered."""
        first, last = self.current.first, self.current.first + self.current.length - 1
        marks = self.current.marks.get("video")
        if self.render_settings["SelectAllFrames"] or not marks:
            return first, last
        return first + marks["in"], first + marks["out"]

    def add_job(self):
        self.jobs_made += 1
        job = Job(self, self.jobs_made)
        self.jobs.append(job)
        return job

    def job(self, job_id):
        return next((job for job in self.jobs if job.id == job_id), None)

    def GetMediaPool(self):
        return self.pool

    def GetGallery(self):
        return self.gallery

    def GetTimelineCount(self):
        return len(self.timelines)

    def GetTimelineByIndex(self, idx):
        return self.timelines[idx - 1] if isinstance(idx, int) and 1 <= idx <= len(self.timelines) else None

    def GetCurrentTimeline(self):
        return self.current

    def SetCurrentTimeline(self, timeline):
        if timeline not in self.timelines:
            return False
        self.current = timeline
        return True

    def GetSetting(self, settingName=None):
        return self.settings.get(settingName, "") if settingName else dict(self.settings)

    def SetSetting(self, settingName, settingValue):
        if settingName not in self.settings:
            return False
        self.settings[settingName] = settingValue
        return True

    def RefreshLUTList(self):
        self.application.luts_refreshed = time.time()
        return True

    def GetColorGroupsList(self):
        return list(self.groups)

    def GetPresetList(self):
        return []

    # Rendering.

    def GetRenderFormats(self):
        listed = {label: name for label, (name, _) in formats.FORMATS.items()}
        return dict(reversed(list(listed.items()))) if self.quirks["formats_backwards"] else listed

    def GetRenderCodecs(self, renderFormat):
        name = formats.name_of(renderFormat, self.quirks["codecs_by"])
        labels = self.quirks["codec_labels"]
        return {labels.get(label, label): codec for label, (codec, _) in formats.CODECS.get(name, {}).items()}

    def GetCurrentRenderFormatAndCodec(self):
        return {"format": self.format, "codec": self.codec}

    def SetCurrentRenderFormatAndCodec(self, format, codec):
        if format not in formats.CODECS or codec in self.quirks["refused_codecs"]:
            return False
        found = formats.codec(format, codec)
        # One that is listed can still be refused.
        if found is None or found[1] is None:
            return False
        self.format, self.codec, self.preset = format, codec, "Custom"
        return True

    def GetRenderResolutions(self, format=None, codec=None):
        return [{"Width": width, "Height": height} for width, height in ((1920, 1080), (3840, 2160))]

    def GetCurrentRenderMode(self):
        return self.render_mode

    def SetCurrentRenderMode(self, renderMode):
        if renderMode not in (0, 1):
            return False
        self.render_mode = renderMode
        return True

    def GetRenderPresetList(self):
        return list(self.presets)

    def LoadRenderPreset(self, presetName):
        if presetName not in self.presets:
            return False
        return self.load_preset(presetName)

    def load_preset(self, name):
        preset = dict(self.presets[name])
        self.format, self.codec = preset.pop("format", self.format), preset.pop("codec", self.codec)
        self.render_mode = preset.pop("render_mode", self.render_mode)
        # A preset says everything but where to, and what it does not name is as it was when Resolve was installed.
        kept = {key: self.render_settings.get(key, "") for key in ("TargetDir", "CustomName")}
        self.render_settings = dict(settings.DEFAULTS, **kept)
        self.render_settings.update(preset)
        self.preset = name
        return True

    def SaveAsNewRenderPreset(self, presetName):
        if presetName in self.presets:
            return False
        kept = {key: value for key, value in self.render_settings.items() if key not in ("TargetDir", "CustomName")}
        self.presets[presetName] = dict(kept, format=self.format, codec=self.codec, render_mode=self.render_mode)
        return True

    def DeleteRenderPreset(self, presetName):
        return self.presets.pop(presetName, None) is not None

    def import_preset(self, path):
        try:
            with open(path, encoding="utf-8") as file:
                preset = json.load(file)
        except (OSError, ValueError):
            return False
        name = os.path.splitext(os.path.basename(path))[0]
        self.presets[name] = preset
        return self.load_preset(name)

    def SetRenderSettings(self, given):
        taken = settings.known(given)
        if taken is None or self.current is None:
            return False
        first, last = self.current.first, self.current.first + self.current.length - 1
        begin, end = taken.pop("MarkIn", None), taken.pop("MarkOut", None)
        every = taken.get("SelectAllFrames", self.render_settings["SelectAllFrames"])
        if not every and not (begin is None and end is None):
            # Marks are those of the timeline: what a script sets here stays there.
            begin, end = first if begin is None else begin, last if end is None else end
            if self.quirks["marks_outside"] == "clipped":
                begin, end = max(begin, first), min(end, last)
            if not first <= begin <= end <= last:
                return False
            for kind in ("video", "audio"):
                self.current.marks[kind] = {"in": begin - first, "out": end - first}
        self.render_settings.update(taken)
        self.preset = "Custom"
        return True

    def AddRenderJob(self):
        page = self.application.page == "deliver" or not self.quirks["jobs_need_page"]
        if self.current is None or not page or not os.path.isdir(self.render_settings.get("TargetDir", "")):
            return ""
        return self.add_job().id

    def DeleteRenderJob(self, jobId):
        job = self.job(jobId)
        rendering = self.is_rendering() and self.render.job is job
        if job is None or rendering and not self.quirks["delete_while_rendering"]:
            return False
        if rendering:
            self.render.stop()
        self.jobs.remove(job)
        return True

    def DeleteAllRenderJobs(self):
        self.jobs = []
        return True

    def GetRenderJobList(self):
        return [job.listed() for job in self.jobs] if self.quirks["jobs_listed"] else []

    def GetRenderJobStatus(self, jobId):
        job = self.job(jobId)
        if job is None:
            return {}
        if job.status != "Ready" and job.still_seems_ready():
            return self.said({"JobStatus": self.quirks["status"].get("Ready", "Ready"), "CompletionPercentage": 0})
        shown = "Rendering" if job.status == "Complete" and self.quirks["stuck_at_the_end"] else job.status
        status = {"JobStatus": self.quirks["status"].get(shown, shown), "CompletionPercentage": int(job.percent)}
        if job.status == "Rendering":
            passed = (time.monotonic() - job.started) * 1000
            left = passed * (100 - job.percent) / job.percent if job.percent else 0
            status["EstimatedTimeRemainingInMs"] = int(left)
        if shown == "Complete":
            status["TimeTakenToRenderInMs"] = job.taken
        if job.error:
            status["Error"] = job.error
        return self.said(status)

    def said(self, status):
        if not self.quirks["status_has_words"]:
            del status["JobStatus"]
        return status

    def IsRenderingInProgress(self):
        if self.application.render_faults().get("somebody"):
            return True
        if self.render and self.render.job.still_seems_ready():
            return self.busy
        return self.busy or self.is_rendering()

    def is_rendering(self):
        return bool(self.render and self.render.at_work)

    def StartRendering(self, *given, isInteractiveMode=None):
        """Job ids, a list of them, or nothing for all; only a list or nothing may be followed by the mode."""
        ids, mode = list(given), isInteractiveMode
        listed = bool(ids) and isinstance(ids[0], list)
        if (listed or len(ids) == 1) and ids and isinstance(ids[-1], bool):
            if mode is not None:
                return False
            mode = ids.pop()
        if listed:
            if len(ids) != 1:
                return False
            ids = ids[0]
        elif ids and mode is not None:
            return False
        if not all(isinstance(wanted, str) for wanted in ids):
            return False
        jobs = [self.job(wanted) for wanted in ids] if ids else [job for job in self.jobs if job.status == "Ready"]
        if not jobs or None in jobs or self.busy or self.is_rendering():
            return False
        if self.quirks["render_opens_page"]:
            self.application.page = self.quirks["render_opens_page"]
        self.render = Render(self.application, jobs[0], jobs[1:], bool(mode))
        threading.Thread(target=self.render.run, daemon=True).start()
        return True

    def StopRendering(self):
        self.busy = False
        if self.render:
            self.render.stop()


class ProjectManager(ApiObject):
    """The projects of the database."""

    def GetCurrentProject(self):
        return self.application.project

    def GetProjectListInCurrentFolder(self):
        return [self.application.project.name] if self.application.project else []

    def LoadProject(self, projectName):
        project = self.application.project
        return project if project and project.name == projectName else None

    def SaveProject(self):
        return self.application.project is not None

    def GetCurrentFolder(self):
        return ""
