"""Calls methods of DaVinci Resolve's objects for the program that started it.

Requests come as JSON lines on stdin and are answered, one by one, as JSON lines on what was stdout. Objects stay here:
the other side knows them by number, as {"$object": 7}. The first line lists the only methods that may be called.
Standard library only, Python 3.6 or newer.
"""

import importlib
import importlib.machinery
import importlib.util
import json
import os
import re
import sys


def folders():
    """Where the module is looked for besides Python's own path."""
    usual = {
        "darwin": "/Library/Application Support/Blackmagic Design/DaVinci Resolve/Developer/Scripting",
        "win32": os.path.join(
            os.environ.get("PROGRAMDATA", "C:\\ProgramData"),
            "Blackmagic Design", "DaVinci Resolve", "Support", "Developer", "Scripting",
        ),
    }.get(sys.platform, "/opt/resolve/Developer/Scripting")
    named = os.environ.get("RESOLVE_SCRIPT_API")
    return [place for folder in (named, usual) if folder for place in (os.path.join(folder, "Modules"), folder)]


def library():
    """The library behind the module."""
    usual = {
        "darwin": "/Applications/DaVinci Resolve/DaVinci Resolve.app/Contents/Libraries/Fusion/fusionscript.so",
        "win32": "C:\\Program Files\\Blackmagic Design\\DaVinci Resolve\\fusionscript.dll",
    }.get(sys.platform, "/opt/resolve/libs/Fusion/fusionscript.so")
    return os.environ.get("RESOLVE_SCRIPT_LIB") or usual


def load():
    """The module that knows how to reach Resolve."""
    sys.path.extend(folder for folder in folders() if folder not in sys.path)
    try:
        return importlib.import_module("DaVinciResolveScript")
    except ImportError as missing:
        # Older copies of the module need parts of Python that newer ones dropped; the library itself does not.
        if not os.path.exists(library()):
            raise ImportError(
                "%s; looked in %s and for %s" % (missing, ", ".join(folders()), library())
            )
    loader = importlib.machinery.ExtensionFileLoader("fusionscript", library())
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("fusionscript", loader))
    loader.exec_module(module)
    return module


class Missing(Exception):
    """A method that this version of Resolve does not have."""


class Bridge:
    def __init__(self, methods):
        self.methods = frozenset(methods)
        self.objects = {}
        self.application = None
        self.module = None

    def connect(self):
        self.module = load()
        self.application = self.module.scriptapp("Resolve")
        return self.pack(self.application)

    def identity(self):
        """What tells the Resolve that is reached from others. Resolve's own library reaches the one of a machine, whatever
        folder it lies in; what another module reaches depends on what it is told."""
        host = re.search(r"\bon ([^],\s]+)", str(self.application))
        path = os.path.realpath(getattr(self.module, "__file__", None) or library())
        own = not path.endswith((".py", ".pyc")) or "fusionscript" in sys.modules
        told = {} if own else {name: value for name, value in os.environ.items() if "RESOLVE" in name.upper()}
        return {"host": host.group(1) if host else "", "module": "" if own else path, "told": told}

    def call(self, number, name, arguments):
        if name not in self.methods:
            raise LookupError("%s is not a method that may be called" % name)
        method = getattr(self.objects[number], name, None)
        # Resolve's objects answer for any name, and give None for what they do not have.
        if not callable(method):
            raise Missing("this version of Resolve has no %s" % name)
        return self.pack(method(*[self.unpack(argument) for argument in arguments]))

    def pack(self, value):
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, dict):
            return {str(key): self.pack(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.pack(item) for item in value]
        number = len(self.objects) + 1
        self.objects[number] = value
        return {"$object": number}

    def unpack(self, value):
        if isinstance(value, dict):
            if "$object" in value:
                return self.objects[value["$object"]]
            if "$constant" in value:
                return self.constant(value["$constant"])
            return {key: self.unpack(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.unpack(item) for item in value]
        return value

    def constant(self, name):
        constant = getattr(self.application, name, None) if name.startswith("EXPORT_") else None
        if constant is None:
            raise Missing("this version of Resolve has no %s" % name)
        return constant

    def answer(self, request):
        if "call" in request:
            return self.call(request["on"], request["call"], request["arguments"])
        return self.identity() if "identify" in request else self.connect()


def main():
    # What Resolve's library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    bridge = None
    for line in sys.stdin.buffer:
        request = json.loads(line.decode("utf-8"))
        answer = {"id": request["id"]}
        if bridge is None:
            bridge = Bridge(request["methods"])
            answer["value"] = "%d.%d.%d" % sys.version_info[:3]
        else:
            try:
                answer["value"] = bridge.answer(request)
            except Exception as error:  # whatever it is, the other side decides
                answer["error"] = str(error) or type(error).__name__
                answer["kind"] = type(error).__name__
        answers.write(json.dumps(answer).encode("ascii") + b"\n")
        answers.flush()


main()
