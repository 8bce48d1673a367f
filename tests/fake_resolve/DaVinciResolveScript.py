"""The module that scripts load to reach the simulated Resolve, which is a process of its own.

Like the real one it offers `scriptapp` and objects that answer to every attribute: a name that the API does not have is
None, so that calling it is a TypeError. The folder of the simulated application is named by FAKE_RESOLVE.
"""

import json
import os
import socket
import time


class _Line:
    """The connection to the application, and what its objects can be asked."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rwb")
        self.hello = json.loads(self.stream.readline())

    def ask(self, request):
        try:
            self.stream.write(json.dumps(request).encode() + b"\n")
            self.stream.flush()
            answer = self.stream.readline()
        except OSError:
            answer = b""
        if not answer:
            # The application is gone.
            if self.hello["raises_when_gone"]:
                raise RuntimeError("remote call failed")
            return None
        answer = json.loads(answer)
        if "raised" in answer:
            raise RuntimeError(answer["raised"])
        return self.decoded(answer["value"])

    def decoded(self, value):
        if isinstance(value, list):
            return [self.decoded(item) for item in value]
        if isinstance(value, dict):
            if "@object" in value:
                return RemoteObject(self, value["@object"], value["type"])
            return {key: self.decoded(item) for key, item in value.items()}
        return value


class RemoteObject:
    """A handle of an object inside the application. Every handle is another object, whatever it stands for."""

    def __init__(self, line, handle, kind):
        self._line, self._handle, self._kind = line, handle, kind

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        constants = self._line.hello["constants"]
        if self._kind == "Resolve" and name in constants:
            return constants[name]
        if name not in self._line.hello["methods"].get(self._kind, []):
            return None

        def method(*arguments, **named):
            return self._line.ask({"object": self._handle, "method": name, "arguments": _encoded(list(arguments)),
                                   "named": _encoded(named)})
        return method

    def __repr__(self):
        return "%s (0x%08x) [App: 'Resolve' on 127.0.0.1]" % (self._kind, self._handle)


def _encoded(value):
    if isinstance(value, RemoteObject):
        return {"@object": value._handle}
    if isinstance(value, (list, tuple)):
        return [_encoded(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _encoded(item) for key, item in value.items()}
    return value


def scriptapp(name, *_):
    """The application object, or None: not running, or no scripting from outside allowed."""
    folder = os.environ.get("FAKE_RESOLVE")
    if name != "Resolve" or not folder:
        return None
    try:
        with open(os.path.join(folder, "faults.json"), encoding="utf-8") as file:
            hangs = json.load(file).get("connecting") == "hang"
    except OSError:
        hangs = False
    while hangs:
        time.sleep(1)
    try:
        line = _Line(os.path.join(folder, "socket"))
    except (OSError, ValueError):
        return None
    root = line.hello["root"]
    return RemoteObject(line, root, "Resolve") if root is not None else None
