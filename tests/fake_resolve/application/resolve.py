"""The application: what is open, and the object that scripts start from."""

import json
import os
import signal
import threading
import time

from . import cut_file, quirks
from .base import ApiObject
from .media_pool import MediaPoolItem
from .project import Project, ProjectManager

PAGES = ("media", "cut", "edit", "fusion", "color", "fairlight", "deliver")


class Application:
    """Everything that lives as long as the process."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "state.json"), encoding="utf-8") as file:
            described = json.load(file)
        self.quirks = quirks.chosen(described.get("quirks"))
        self.product = described.get("product", "DaVinci Resolve Studio")
        self.version = described.get("version", [20, 2, 1, 6, ""])
        # Only Studio lets scripts in from outside, and only if the preferences allow it; the free one used to.
        self.scripting = described.get("scripting", "Studio" in self.product)
        self.page = described.get("page", "edit")
        self.canvas = described.get("size", [256, 160])
        self.lut_folder = os.path.join(folder, "LUT")
        self.luts_refreshed = time.time()
        self.media_by_path = {}
        # Whether a dialog is open: then no call comes back.
        self.dialog = False
        self.project = None
        project = described.get("project")
        if project is None and self.quirks["untitled"]:
            project = {"name": self.quirks["untitled"]}
        if project is not None:
            Project(self, project)
        # How often a script does not reach it yet, because it is still starting.
        self.loading = described.get("loading", 0)
        self.manager = ProjectManager(self)
        self.resolve = Resolve(self)

    def media(self, path, described):
        """The medium at a path, which may be None."""
        if path is None:
            return None
        return self.media_by_path.setdefault(path, MediaPoolItem(self, path, described))

    def group(self, name):
        return next((group for group in self.project.groups if group.name == name), None) if name else None

    def read_cut(self, path):
        return cut_file.read(path)

    def knows_lut(self, path):
        """Only files that were there when the list was last refreshed are known."""
        inside = os.path.commonpath([self.lut_folder, os.path.abspath(path)]) == self.lut_folder
        if not path.endswith(".cube") or not (inside or self.quirks["luts_anywhere"]) or not os.path.isfile(path):
            return False
        return os.stat(path).st_ctime <= self.luts_refreshed

    def is_reachable(self):
        if self.loading > 0:
            self.loading -= 1
            return False
        return self.scripting and not self.faults().get("not_running")

    def faults(self):
        """What is to go wrong, as the test says at this moment."""
        try:
            with open(os.path.join(self.folder, "faults.json"), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def render_faults(self):
        return self.faults().get("render", {})

    def changed(self):
        """Tells the test what the application looks like now."""
        state = {"page": self.page, "project": self.project.state() if self.project else None}
        path = os.path.join(self.folder, "now.json")
        # Renders end on a thread of their own.
        fresh = "%s.%d" % (path, threading.get_ident())
        with open(fresh, "w", encoding="utf-8") as file:
            json.dump(state, file, indent=1)
        os.replace(fresh, path)

    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)


class Resolve(ApiObject):
    """What `scriptapp` returns."""

    def GetProductName(self):
        return self.application.product

    def GetVersion(self):
        return list(self.application.version)

    def GetVersionString(self):
        major, minor, patch, build, suffix = self.application.version
        return "%d.%d.%d%s.%d" % (major, minor, patch, suffix, build)

    def GetProjectManager(self):
        return self.application.manager

    def GetCurrentPage(self):
        return self.application.page

    def OpenPage(self, pageName):
        if pageName not in PAGES:
            return False
        self.application.page = pageName
        return True

    def ImportRenderPreset(self, presetPath):
        return self.application.project is not None and self.application.project.import_preset(presetPath)

    def GetKeyframeMode(self):
        return 0

    def SetKeyframeMode(self, keyframeMode):
        return keyframeMode in (0, 1, 2)

    def Quit(self):
        self.application.die()
