# SPDX-License-Identifier: Apache-2.0
"""readme.py - what README.md promises, for 90-readme.bats to hold kfaas-net to.

readme.py FILE blocks LANGUAGE [SECTION]     the fenced blocks, a line of "----" after each
readme.py FILE commands                      the table of commands: a form a line
readme.py FILE mentioned                     the commands of all `kfaas-net COMMAND ...`
readme.py FILE targets                       of all `make TARGET`
readme.py FILE tools                         the paths of all tools/...
readme.py FILE keys COMMAND JSON...          compares what COMMAND --json printed with the documented keys
"""
import json
import re
import sys

# Objects whose keys are names of things, not words of ours.
BY_NAME = {"set", "data", "verdicts", "helpers"}
BY_HOOK = {"gates", "hooks"}


def sections(text):
    return {part.split("\n", 1)[0]: part for part in re.split(r"^## ", text, flags=re.M)[1:]}


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.M | re.S)


def tables(text):
    """By heading of the first column: the rows, split into cells."""
    found, rows = {}, None
    for line in text.splitlines():
        if not line.startswith("|"):
            rows = None
            continue
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if rows is None:
            rows = found.setdefault(cells[0].strip("`"), [])
        elif not set(cells[0]) <= set("- "):
            rows.append(cells)
    return found


def expand(rows):
    """The documented keys: path -> allowed types. `a.b`, `.c` means a.b and a.c."""
    keys = {}
    for names, types, *_ in rows:
        paths = re.findall(r"`([^`]+)`", names)
        types = types.split(", ")
        if len(types) == 1:
            types *= len(paths)
        for path, kind in zip(paths, types, strict=True):
            if path.startswith("."):
                path = paths[0].rsplit(".", 1)[0] + path
            keys[path] = set(kind.split(" or "))
    return keys


def documented(text, command):
    all_tables = tables(sections(text)["JSON"])
    config, keys = expand(all_tables["CONFIG"]), {}
    for path, kinds in expand(all_tables[command]).items():
        if path.endswith("CONFIG"):
            keys |= {path.replace("CONFIG", k): v for k, v in config.items()}
        else:
            keys[path] = kinds
    return keys


def kind_of(value):
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return {str: "string", type(None): "null", list: "array", dict: "object"}[type(value)]


def printed(value, path, keys):
    """Every leaf of VALUE: path -> types seen. Lists of words and maps by name are leaves."""
    name = path.rsplit(".", 1)[-1]
    if isinstance(value, dict) and name not in BY_NAME:
        for key, inner in value.items():
            key = "HOOK" if name in BY_HOOK else key
            printed(inner, f"{path}.{key}".lstrip("."), keys)
    elif isinstance(value, list) and all(isinstance(v, dict) for v in value):
        for inner in value:
            printed(inner, path + "[]", keys)
    else:
        keys.setdefault(path, set()).add(kind_of(value))


def compare(text, command, files):
    told, seen = documented(text, command), {}
    for name in files:
        with open(name) as f:
            printed(json.load(f), "", seen)
    for path in sorted(told.keys() | seen.keys()):
        if path not in seen:
            yield f"{command}: {path} is documented, not printed"
        elif path not in told:
            yield f"{command}: {path} is printed, not documented"
        elif not seen[path] <= told[path]:
            yield f"{command}: {path} is {seen[path]}, documented as {told[path]}"


def main(file, what, *args):
    with open(file) as f:
        text = f.read()
    if what == "blocks":
        for block in blocks(sections(text)[args[1]] if args[1:] else text, args[0]):
            print(block + "----")
    elif what == "commands":
        for row in tables(sections(text)["Commands"])["command"]:
            print(row[0].strip("`").replace("\\|", "|"))
    elif what == "mentioned":
        for command in re.findall(r"kfaas-net (?:--netns \S+ |--json |-q )*([a-z]+)\b", text):
            print(command)
    elif what == "targets":
        print("\n".join(re.findall(r"(?:^|`|&& )make\s+([a-z][a-z-]*)", text, flags=re.M)))
    elif what == "tools":
        print("\n".join(re.findall(r"\btools/[\w./-]*\w", text)))
    elif what == "keys":
        wrong = list(compare(text, args[0], args[1:]))
        print("\n".join(wrong))
        sys.exit(bool(wrong))


main(*sys.argv[1:])
