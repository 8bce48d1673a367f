"""Checks against the public stubs of Resolve's scripting API that nothing is called which it does not have.

`check_api.py STUBS [--calls CALLS.json] [--script BRIDGE.py] [--logs LOG...]`: the methods of the simulation, the table
of calls that a bridge may be asked for, the methods that its script names itself, and calls that were recorded.
"""

import argparse
import ast
import inspect
import json
import re
import sys

import server
from application import settings


class Stubs:
    """What the stubs say, as syntax: they cannot be imported."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.aliases = {node.targets[0].id: node.value for node in tree.body
                        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}
        self.methods = {}
        for name, node in self.classes.items():
            for made in node.body:
                if isinstance(made, ast.FunctionDef) and not _is_deprecated(made):
                    self.methods.setdefault((name, made.name), []).append(Signature(self, made))

    def keys(self, name):
        """The keys of a typed dict; None if the name stands for something else."""
        if name in self.classes and any(_text(base) == "TypedDict" for base in self.classes[name].bases):
            return [made.target.id for made in self.classes[name].body if isinstance(made, ast.AnnAssign)]
        value = self.aliases.get(name)
        if isinstance(value, ast.Call) and _text(value.func) == "TypedDict":
            return [_text(key).strip("'\"") for key in value.args[1].keys]
        return None

    def fits(self, form, wanted):
        """Whether an argument of a form can be given where the stubs want this."""
        if isinstance(wanted, ast.BinOp):
            return self.fits(form, wanted.left) or self.fits(form, wanted.right)
        if isinstance(wanted, ast.Subscript):
            kind, inside = _text(wanted.value), wanted.slice
            # Python 3.8 has a node around it.
            inside = getattr(inside, "value", inside) if type(inside).__name__ == "Index" else inside
            if kind == "Literal" and any(isinstance(one, ast.Attribute) for one in getattr(inside, "elts", [])):
                # Constants of the application, whose numbers are not documented.
                return form.kind in ("constant", "int")
            if kind == "Literal":
                given = [getattr(choice, "value", None) if isinstance(choice, ast.Constant) else None
                         for choice in getattr(inside, "elts", [inside])]
                return form.value in given if form.known else any(_kind(choice) == form.kind for choice in given)
            if kind == "Optional":
                return form.kind == "none" or self.fits(form, inside)
            if kind == "List":
                return form.kind == "list" and all(self.fits(item, inside) for item in form.inside)
            return kind == "dict" and form.kind == "dict"
        name = _text(wanted)
        if name in self.aliases and self.keys(name) is None:
            return self.fits(form, self.aliases[name])
        if self.keys(name) == []:
            # Not documented.
            return True
        if self.keys(name) is not None:
            return form.kind == "dict" and (not form.known or set(form.value) <= set(self.keys(name)))
        if name in ("int", "float"):
            return form.kind in ("int", name)
        return name == "Any" or name.lower() == form.kind.lower()


class Signature:
    """One way to call a method."""

    def __init__(self, stubs, made):
        self.stubs, self.returns = stubs, made.returns
        self.parameters = made.args.args[1:]
        self.rest = made.args.vararg
        optional = sum("Optional" in _text(parameter.annotation) for parameter in self.parameters)
        self.least = len(self.parameters) - max(len(made.args.defaults), optional)

    def takes(self, arguments, named):
        parameters = list(self.parameters[:len(arguments)])
        given = list(arguments)
        if len(arguments) > len(self.parameters):
            if self.rest is None:
                return False
            parameters += [self.rest] * (len(arguments) - len(parameters))
        for name, form in named.items():
            found = [parameter for parameter in self.parameters[len(arguments):] if parameter.arg == name]
            if not found:
                return False
            parameters += found
            given.append(form)
        if len(given) < self.least:
            return False
        return all(self.stubs.fits(form, parameter.annotation) for form, parameter in zip(given, parameters))


class Form:
    """What is given: of which kind, and if it is known which value."""

    def __init__(self, kind, inside=(), value=None, known=False):
        self.kind, self.inside, self.value, self.known = kind, inside, value, known

    @staticmethod
    def described(text):
        """A form as the table of calls writes it: `str`, `[Timeline]`."""
        if text.startswith("["):
            return Form("list", [Form.described(text[1:-1])])
        return Form(text)

    @staticmethod
    def recorded(value):
        """An argument as it stands in a log of calls, where an object is `<Timeline>`."""
        found = re.match(r"<(\w+)>$", value) if isinstance(value, str) else None
        if found:
            return Form(found.group(1))
        if isinstance(value, list):
            return Form("list", [Form.recorded(item) for item in value])
        return Form(_kind(value), value=value, known=True)


def _kind(value):
    return {type(None): "none"}.get(type(value), type(value).__name__)


def _text(node):
    """A name, or any other expression in a form to compare."""
    if node is None:
        # Without an annotation.
        return "Any"
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant):
        return repr(node.value)
    return ast.dump(node)


def _is_deprecated(made):
    return any(_text(decorator) == "deprecated" for decorator in made.decorator_list)


def of_simulation(stubs):
    """What the simulation offers that the stubs do not have, or takes otherwise."""
    for kind in server.CLASSES:
        for name in kind.api():
            signatures = stubs.methods.get((kind.__name__, name))
            # Some are deprecated, and there all the same.
            if signatures is None and not _has_deprecated(stubs, kind.__name__, name) \
                    and (kind.__name__, name) not in OLD:
                yield "the simulation has %s.%s, and the API has not" % (kind.__name__, name)
            parameters = list(inspect.signature(getattr(kind, name)).parameters.values())[1:]
            for signature in signatures or []:
                wanted = [parameter.arg for parameter in signature.parameters]
                if parameters and parameters[0].kind is parameters[0].VAR_POSITIONAL:
                    continue
                if len(wanted) != len(parameters):
                    yield "the simulation's %s.%s takes %d arguments, and not %s" % (
                        kind.__name__, name, len(parameters), wanted)
    if set(settings.KEYS) != set(stubs.keys("RenderSettings")):
        yield "render settings: %s" % sorted(set(settings.KEYS) ^ set(stubs.keys("RenderSettings")))


def _has_deprecated(stubs, kind, name):
    return any(isinstance(made, ast.FunctionDef) and made.name == name for made in stubs.classes[kind].body)


# What earlier versions had, and the newest has no longer or advises against; see README.md for who says so.
OLD = [("Timeline", "ApplyGradeFromDRX"), ("TimelineItem", "GetNumNodes"), ("TimelineItem", "GetLUT"),
       ("TimelineItem", "SetLUT")]

# An argument that came late, and that earlier versions do not take. They are asked without it after they refused it.
LATE = [("TimelineItem", "GetStart"), ("TimelineItem", "GetEnd"), ("TimelineItem", "GetLeftOffset")]


def of_table(stubs, table):
    """What is wrong with a table of calls: `{"keys": {method: [key]}, "calls": {class: {method: [form]}}}`."""
    simulated = {kind.__name__: kind.api() for kind in server.CLASSES}
    for kind, methods in table["calls"].items():
        for name, forms in methods.items():
            signatures = stubs.methods.get((kind, name), [])
            if not forms:
                yield "%s.%s has no form" % (kind, name)
            for form in forms:
                given = [Form.described(argument) for argument in form["args"]]
                if not any(signature.takes(given, {}) for signature in signatures) \
                        and not (given == [] and (kind, name) in LATE) and (kind, name) not in OLD:
                    yield "%s.%s(%s) is not in the API" % (kind, name, ", ".join(form["args"]))
                returned = Form.described(form["returns"])
                if signatures and not any(stubs.fits(returned, signature.returns) for signature in signatures):
                    yield "%s.%s does not return %s" % (kind, name, form["returns"])
            if name not in simulated.get(kind, []):
                yield "%s.%s is not simulated, so nothing shows that it is used rightly" % (kind, name)
    for method, keys in table["keys"].items():
        parameters = [parameter.annotation for (_, name), signatures in stubs.methods.items() if name == method
                      for signature in signatures for parameter in signature.parameters]
        # A list of dicts has the keys of these.
        inside = [getattr(wanted.slice, "value", wanted.slice) for wanted in parameters if isinstance(wanted, ast.Subscript)]
        known = [stubs.keys(_text(wanted)) or [] for wanted in parameters + inside]
        for key in keys:
            if not any(key in each for each in known):
                yield "%s takes no key %s" % (method, key)


def of_script(stubs, path):
    """Methods that a script names and the API does not have: those of its own are in small letters."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    names = {name for _, name in stubs.methods}
    modules = {alias.asname or alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import)
               for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr[0].isupper():
            source = node.func.value
            while isinstance(source, ast.Attribute):
                source = source.value
            if node.func.attr not in names and _text(source) not in modules:
                yield "%s calls %s, which the API does not have" % (path, node.func.attr)


def of_log(stubs, path):
    """Recorded calls that do not fit."""
    with open(path, encoding="utf-8") as file:
        calls = [json.loads(line) for line in file]
    for call in calls:
        given = [Form.recorded(argument) for argument in call["arguments"]]
        named = {name: Form.recorded(argument) for name, argument in call.get("named", {}).items()}
        signatures = stubs.methods.get((call["type"], call["method"]), [])
        late = call["arguments"] == [] and (call["type"], call["method"]) in LATE \
            or (call["type"], call["method"]) in OLD
        if not late and not any(signature.takes(given, named) for signature in signatures):
            yield "%s: %s.%s(%s) is not in the API" % (path, call["type"], call["method"],
                                                       json.dumps(call["arguments"])[1:-1])


def main():
    """Prints what is wrong, and ends with 1 if anything is."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("stubs")
    arguments.add_argument("--calls")
    arguments.add_argument("--script")
    arguments.add_argument("--logs", nargs="*", default=[])
    given = arguments.parse_args()
    stubs = Stubs(given.stubs)
    if len(stubs.methods) < 300:
        sys.exit("these are not the stubs of the API: %d methods" % len(stubs.methods))
    wrong = list(of_simulation(stubs))
    if given.calls:
        with open(given.calls, encoding="utf-8") as file:
            wrong += of_table(stubs, json.load(file))
    if given.script:
        wrong += of_script(stubs, given.script)
    for log in given.logs:
        wrong += of_log(stubs, log)
    for line in sorted(set(wrong)):
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
