"""Grades: graphs of nodes, versions of them, and what they do to the picture, as filters of the ffmpeg command."""

import os
import re

from .base import ApiObject

# What a look leaves of red, green and blue. The luma code of a numbered frame survives all of them.
LOOKS = {
    "none": (1.0, 1.0, 1.0),
    "warm": (1.0, 0.8, 0.5),
    "teal": (0.5, 0.9, 1.0),
    "green": (0.6, 1.0, 0.6),
    "rose": (1.0, 0.6, 0.9),
}


def look_of_still(path):
    """The look that a DRX file names, such as `look="teal"`; None if it is no still."""
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(r'look="(\w+)"', file.read())
    except (OSError, UnicodeDecodeError):
        return None
    return found.group(1) if found and found.group(1) in LOOKS else None


class Node:
    """One corrector."""

    def __init__(self, look="none"):
        self.look, self.lut, self.cdl, self.enabled, self.cache = look, "", None, True, -1

    def copy(self):
        node = Node(self.look)
        node.lut, node.cdl, node.enabled, node.cache = self.lut, self.cdl, self.enabled, self.cache
        return node

    def filters(self):
        if not self.enabled:
            return []
        found = []
        if self.look != "none":
            found.append("lutrgb=" + ":".join("%s=val*%s" % pair for pair in zip("rgb", LOOKS[self.look])))
        if self.cdl:
            found.append(_cdl(self.cdl))
        if self.lut:
            found.append("lut3d=file=" + re.sub(r"([\\':,\[\];])", r"\\\1", self.lut))
        return found

    def state(self):
        return {"look": self.look, "lut": self.lut, "cdl": self.cdl, "enabled": self.enabled, "cache": self.cache}


def _cdl(cdl):
    channels = zip("rgb", *(cdl[key].split() for key in ("Slope", "Offset", "Power")))
    filters = "lutrgb=" + ":".join(
        "%s=255*pow(clip(val/255*%s+%s\\,0\\,1)\\,%s)" % channel for channel in channels)
    saturation = float(cdl["Saturation"])
    return filters if saturation == 1.0 else filters + ",format=yuv444p,hue=s=%s,format=rgb24" % saturation


class Graph(ApiObject):
    """The node graph of a version, of a timeline or of a colour group."""

    def __init__(self, application, looks=("none",)):
        super().__init__(application)
        self.nodes = [Node(look) for look in looks]

    def copy(self):
        graph = Graph(self.application)
        graph.nodes = [node.copy() for node in self.nodes]
        return graph

    def node(self, index):
        return self.nodes[index - 1] if isinstance(index, int) and 1 <= index <= len(self.nodes) else None

    def filters(self):
        return [found for node in self.nodes for found in node.filters()]

    def state(self):
        return [node.state() for node in self.nodes]

    def GetNumNodes(self):
        return len(self.nodes)

    def SetLUT(self, nodeIndex, lutPath):
        node = self.node(nodeIndex)
        if node is None or not isinstance(lutPath, str):
            return False
        if lutPath == "":
            if self.quirks["empty_lut_clears"]:
                node.lut = ""
            return self.quirks["empty_lut_clears"]
        path = os.path.join(self.application.lut_folder, lutPath)
        if not self.application.knows_lut(path):
            return False
        node.lut = path
        return True

    def GetLUT(self, nodeIndex):
        node = self.node(nodeIndex)
        return (node.lut or self.quirks["no_lut"]) if node else None

    def SetNodeEnabled(self, nodeIndex, isEnabled):
        node = self.node(nodeIndex)
        if node is None:
            return False
        node.enabled = bool(isEnabled)
        return True

    def GetNodeLabel(self, nodeIndex):
        return "" if self.node(nodeIndex) else None

    def GetToolsInNode(self, nodeIndex):
        node = self.node(nodeIndex)
        if node is None:
            return None
        tools = [("Primaries", node.look != "none" or node.cdl), ("LUT", node.lut)]
        return [tool for tool, used in tools if used]

    def GetNodeCacheMode(self, nodeIndex):
        node = self.node(nodeIndex)
        return node.cache if node else None

    def SetNodeCacheMode(self, nodeIndex, cache_value):
        node = self.node(nodeIndex)
        if node is None or cache_value not in (-1, 0, 1):
            return False
        node.cache = cache_value
        return True

    def ApplyGradeFromDRX(self, path, gradeMode):
        look = look_of_still(path)
        if look is None or gradeMode not in (0, 1, 2):
            return False
        # The graph of the still takes the place of what was there.
        self.nodes = [Node(look)]
        return True

    def ResetAllGrades(self):
        self.nodes = [Node()]
        return True


class ColorGroup(ApiObject):
    """Clips that share a grade before and one behind their own."""

    def __init__(self, application, name, before="none", behind="none"):
        super().__init__(application)
        self.name = name
        self.before, self.behind = Graph(application, [before]), Graph(application, [behind])

    def GetName(self):
        return self.name

    def GetClipsInTimeline(self, timeline=None):
        timeline = timeline or self.application.project.current
        return [item for track in timeline.tracks["video"] for item in track.items if item.group is self]

    def GetPreClipNodeGraph(self):
        return self.before

    def GetPostClipNodeGraph(self):
        return self.behind
