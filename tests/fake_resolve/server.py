"""The simulated application: `server.py FOLDER` reads state.json there and answers scripts at FOLDER/socket.

It writes calls.jsonl, a line for every call, and now.json, what a script can read of it. It ends with FOLDER.
"""

import inspect
import json
import os
import socket
import sys
import threading
import time

from application import gallery, grades, media_pool, project, resolve, timeline
from application.base import ApiObject

CLASSES = (resolve.Resolve, project.ProjectManager, project.Project, media_pool.MediaPool, media_pool.Folder,
           media_pool.MediaPoolItem, timeline.Timeline, timeline.TimelineItem, gallery.Gallery,
           gallery.GalleryStillAlbum, gallery.GalleryStill, grades.Graph, grades.ColorGroup)


class Server:
    """Calls come in on any number of connections and are made one at a time, as on a main thread."""

    def __init__(self, folder):
        self.folder = folder
        self.application = resolve.Application(folder)
        missing = set(self.application.quirks["missing"])
        self.methods = {kind.__name__: [name for name in kind.api() if "%s.%s" % (kind.__name__, name) not in missing]
                        for kind in CLASSES}
        self.main = threading.Lock()
        # How many calls there were since the faults were changed, by name.
        self.counts, self.faults = {}, None
        self.objects = []
        self.log = open(os.path.join(folder, "calls.jsonl"), "a", encoding="utf-8")

    def serve(self):
        listening = socket.socket(socket.AF_UNIX)
        path = os.path.join(self.folder, "socket")
        if os.path.exists(path):
            os.unlink(path)
        listening.bind(path)
        listening.listen()
        self.application.changed()
        try:
            print("ready", flush=True)
        except OSError:
            # Nobody listens to an application that a script started.
            pass
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        stream = connection.makefile("rwb")
        root = self.handle(self.application.resolve) if self.application.is_reachable() else None
        hello = {"root": root, "methods": self.methods,
                 "constants": {name: number for name, number in timeline.CONSTANTS.items()
                               if name not in self.application.quirks["missing"]}, "raises_when_gone": self.application.quirks["raises_when_gone"]}
        try:
            for answer in self.answers(stream, hello):
                stream.write(json.dumps(answer).encode() + b"\n")
                stream.flush()
        except (OSError, ValueError):
            pass

    def answers(self, stream, hello):
        yield hello
        for line in stream:
            yield self.answer(json.loads(line))

    def handle(self, thing):
        self.objects.append(thing)
        return len(self.objects) - 1

    def answer(self, request):
        thing = self.objects[request["object"]]
        name = request["method"]
        kind = type(thing).__name__
        with self.main:
            fault = self.fault(kind, name)
        if fault == "hang":
            # This call never comes back. The connection ends with the process of the script.
            threading.Event().wait()
        if fault == "dialog":
            self.application.dialog = True
        while self.application.dialog:
            time.sleep(0.02)
        with self.main:
            if fault == "die":
                self.record(kind, name, request, "dies")
                self.application.die()
            if fault == "raise":
                self.record(kind, name, request, "raises")
                return {"raised": "%s() failed" % name}
            instead = {"false": False, "none": None, "empty": ""}
            value = instead[fault] if fault else self.call(thing, name, request)
            value = self.encoded(value)
            self.record(kind, name, request, value)
            self.application.changed()
            return {"value": value}

    def fault(self, kind, name):
        """What is to go wrong with this call: the `nth` one of its name, the one of this `number`, or every one."""
        faults = self.application.faults()
        if faults != self.faults:
            self.faults, self.counts = faults, {}
        key = "%s.%s" % (kind, name)
        for counted in (key, "all"):
            self.counts[counted] = self.counts.get(counted, 0) + 1
        for fault in faults.get("calls", []):
            number, nth = (self.counts[counted] for counted in ("all", key))
            if fault.get("method", key) in (name, key) and fault.get("nth", nth) == nth \
                    and fault.get("number", number) == number:
                return fault["do"]
        return None

    def call(self, thing, name, request):
        kind, quirks = type(thing).__name__, self.application.quirks
        if not thing.alive or name not in self.methods[kind]:
            return None
        method = getattr(thing, name)
        arguments, named = self.decoded(request["arguments"]), self.decoded(request["named"])
        if named and not quirks["named_arguments"]:
            return None
        if arguments and "%s.%s" % (kind, name) in quirks["without_arguments"]:
            return None
        try:
            inspect.signature(method).bind(*arguments, **named)
        except TypeError:
            # Resolve does not say what is wrong with the arguments.
            return None
        try:
            return method(*arguments, **named)
        except (TypeError, AttributeError, ValueError, KeyError, IndexError):
            if os.environ.get("FAKE_RESOLVE_DEBUG"):
                raise
            return None

    def decoded(self, value):
        if isinstance(value, list):
            return [self.decoded(item) for item in value]
        if isinstance(value, dict):
            if "@object" in value:
                return self.objects[value["@object"]]
            return {key: self.decoded(item) for key, item in value.items()}
        # A number is a number, however it is written.
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def encoded(self, value):
        if isinstance(value, ApiObject):
            return {"@object": self.handle(value), "type": type(value).__name__}
        if isinstance(value, (list, tuple)):
            return [self.encoded(item) for item in value]
        if isinstance(value, dict):
            return {key: self.encoded(item) for key, item in value.items()}
        if type(value) is int and self.application.quirks["numbers_as_float"]:
            return float(value)
        if type(value) is int and self.application.quirks["numbers_as_text"]:
            return str(value)
        if value is False and self.application.quirks["nothing_for_no"]:
            return None
        return value

    def record(self, kind, name, request, result):
        line = {"type": kind, "method": name, "arguments": self.named(request["arguments"]),
                "result": self.named(result)}
        if request["named"]:
            line["named"] = self.named(request["named"])
        self.log.write(json.dumps(line) + "\n")
        self.log.flush()

    def named(self, value):
        """Objects by their type, as `<Timeline>`: their numbers say nothing to a reader."""
        if isinstance(value, list):
            return [self.named(item) for item in value]
        if isinstance(value, dict):
            if "@object" in value:
                return "<%s>" % type(self.objects[value["@object"]]).__name__
            return {key: self.named(item) for key, item in value.items()}
        return value


def end_with_folder(folder):
    """A test that is over, however it ended, takes its temporary folder with it."""
    while os.path.exists(os.path.join(folder, "state.json")):
        time.sleep(0.2)
    os._exit(0)


if __name__ == "__main__":
    home = os.path.abspath(sys.argv[1])
    threading.Thread(target=end_with_folder, args=(home,), daemon=True).start()
    Server(home).serve()
