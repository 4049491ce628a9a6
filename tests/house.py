"""The rules of the house that a program can check, each a function from a parsed file to its breaches.

`test_house` runs every rule over every file, and over planted breaches. ``python -m tests.house`` prints how
many rooms, imports and circles there are, and the longest file and function.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("pages", "dashboard", "mlcore", "benchmarks", "examples", "models", "docs")

MLCORE_MAY_IMPORT = {*sys.stdlib_module_names, "mlcore", "numpy", "PIL"}
OPTIONAL_DOORS = {
    "mlcore/sklearn.py": {"sklearn"},
    "mlcore/onnx.py": {"onnx", "onnxruntime"},
    "mlcore/search/with_optuna.py": {"optuna"},
    "mlcore/study/tsne.py": {"openTSNE"},
    "mlcore/images/picture_file.py": {"pillow_heif"},
}
RUNS_MUST_NOT_IMPORT = {"streamlit", "streamlit_drawable_canvas", "plotly", "pandas", "pages", "app"}
PAGES_MAY_IMPORT = {*sys.stdlib_module_names, "streamlit", "dashboard", "mlcore"}
OTHERS_MAY_IMPORT = {
    "app.py": PAGES_MAY_IMPORT,
    "examples": {*sys.stdlib_module_names, "mlcore", "numpy", "PIL"},
    "models": {*sys.stdlib_module_names, "mlcore", "numpy", "models"},
    "docs": {
        *sys.stdlib_module_names,
        "mlcore",
        "PIL",
        "playwright",
        "sphinx",
        "docutils",
        "docs",
        "tests",
        "dashboard",
    },
    # They measure the app from outside, and beside others' work: anything but what runs in a page.
    "benchmarks": {*sys.stdlib_module_names, "mlcore", "dashboard", "models", "tests", "benchmarks"}
    | {"numpy", "PIL", "psutil", "playwright", "pytest", "websockets", "threadpoolctl", "contenders"}
    | {"jax", "sklearn", "torch"},
}
"""What a file at the top, or in one of these folders, imports."""
LONGEST_PAGE = 80  # lines
ROOMS = {"runs": "runs_page"}
"""The pages whose folder has another name, because the run service has theirs."""
FEATURES = {"data", "draw", "evaluate", "home", "inside", "network", "runs_page", "search", "train"}
"""The folders of `dashboard` that hold the parts of a page, each with its name; none imports another."""

LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "language"}),
    frozenset({"arrays", "quote"}),
    frozenset({"settings"}),
    frozenset({"formulas", "images"}),
    frozenset({"config"}),
    frozenset({"datasets"}),
    frozenset({"network"}),
    frozenset({"model_file"}),
    frozenset({"model"}),
    frozenset({"training"}),
    frozenset({"metrics"}),
    frozenset({"answers", "evaluation", "refusal"}),
    frozenset({"number", "recipes", "search", "study"}),
    frozenset({"exports"}),
    frozenset({"onnx", "sklearn"}),
)
"""The rooms of `mlcore`, its modules and folders, from the ground up: each may import those below it only."""

ARRAY_METHODS = {
    "argmax", "argsort", "astype", "cumsum", "dot", "flatten", "mean", "ravel", "reshape", "std", "transpose"
}  # fmt: skip

SHOWING = {
    "button", "camera_input", "caption", "chat_input", "checkbox", "color_picker", "download_button",
    "expander", "feedback", "file_uploader", "form_submit_button", "header", "link_button", "menu_button",
    "metric", "multiselect", "number_input", "page_link", "pills", "popover", "radio", "segmented_control",
    "select_slider", "selectbox", "slider", "spinner", "status", "subheader", "tabs", "text_area",
    "text_input", "title", "toast", "toggle",
}  # fmt: skip
SHOWING_BY_STREAMLIT_ITSELF = {"error", "html", "info", "markdown", "success", "text", "warning", "write"}
SHOWN_BY_NAME = {"body", "caption", "help", "label", "placeholder", "text"}
ALERTS = {"error", "info", "success", "warning"}
FOREIGN = {"class_names", "dataset_name", "filename", "message", "name", "notes", "uploaded_model_name"}
"""Attributes whose text may come from a file: of an upload, a data set, a model, a status, an error."""
FOREIGN_CALLS = {"from_address", "sentence", "str"}
DOORS = {"distinct", "html_text", "plain", "quoted", "show_error", "show_message", "show_notes"}
SHOWN_AS_MARKDOWN = {"body", "caption", "captions", "format_func", "help", "label", "placeholder", "text"}
PATIENT = {"timeout", "default_timeout"}
SPEAKING_ERRORS = {
    "ArchiveError", "DatasetError",
    "LabelsInNames", "MissingLabels", "MissingPart", "ModelFileError", "NamesOffered",
    "NoDigitError", "NoDisk", "NoMemoryNow", "NoRoom", "NotWritten", "RunError",
    "SecondProcessError", "SettingError", "TooSlow", "TrainingDiverged",
}  # fmt: skip


def python_files() -> list[Path]:
    """Return every source file of the project but the tests, sorted."""
    found = [
        path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if "_build" not in path.parts
    ]
    return sorted([ROOT / "app.py", *found])


def name_of(path: Path) -> str:
    """Return the path below the project's root, with slashes."""
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every module that is imported, at any depth of the file, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield ("." * node.level + (node.module or ""), node.lineno)


def import_breaches(name: str, tree: ast.AST) -> list[str]:
    """Return the imports that go against the way pages → dashboard → mlcore."""
    return [
        f"{name}:{line} imports {module}" for module, line in imported(tree) if not _may_import(name, module)
    ]


def _may_import(name: str, module: str) -> bool:
    top = module.split(".")[0]
    if name.startswith("mlcore/"):
        return top in MLCORE_MAY_IMPORT | OPTIONAL_DOORS.get(name, set())
    if name.startswith("dashboard/runs/"):
        return bool(top) and top not in RUNS_MUST_NOT_IMPORT
    if name.startswith("dashboard/"):
        return top not in {"", "pages", "app", "tests", "benchmarks"}
    if name.startswith("pages/"):
        return top in PAGES_MAY_IMPORT
    return top in OTHERS_MAY_IMPORT[name.split("/")[0]]


# ---- rooms ------------------------------------------------------------------------------------------------

Graph = Mapping[str, set[str]]
"""Module → the modules that it imports when it is imported itself."""


def reached(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield what is imported, with its line: ``from a import b`` is ``a.b``, a module or a name in one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def room_of(module: str) -> str:
    """Return the module or folder right below a package that a dotted name lies in.

    >>> room_of("mlcore.network.layers"), room_of("dashboard.session"), room_of("mlcore")
    ('network', 'session', '')
    """
    return [*module.split("."), ""][1]


def module_of(name: str) -> str:
    """Return the dotted name of a file.

    >>> module_of("mlcore/network/layers.py"), module_of("mlcore/__init__.py")
    ('mlcore.network.layers', 'mlcore')
    """
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def feature_breaches(name: str, tree: ast.AST) -> list[str]:
    """Return where a module of the dashboard imports the parts of a page that it is no part of."""
    foreign = FEATURES - {room_of(module_of(name))} if name.startswith("dashboard/") else set()
    found = {line for module, line in _inside(tree, "dashboard") if room_of(module) in foreign}
    return [f"{name}:{line} imports the parts of another page" for line in sorted(found)]


def level_breaches(name: str, tree: ast.AST) -> list[str]:
    """Return where a room of mlcore imports one that is not below it, by the table `LEVELS`."""
    own = room_of(module_of(name))
    if not name.startswith("mlcore/") or own == "":
        return []
    levels = {room: number for number, rooms in enumerate(LEVELS) for room in rooms}
    if own not in levels:
        return [f"{name} is in a room that has no level in tests/house.py"]
    rooms = {(line, room_of(module)) for module, line in _inside(tree, "mlcore")}
    return [
        f"{name}:{line} imports {room or 'all of mlcore'}, which is not below {own}"
        for line, room in sorted(rooms)
        if room != own and levels.get(room, len(LEVELS)) >= levels[own]
    ]


def _inside(tree: ast.AST, package: str) -> list[tuple[str, int]]:
    """Return what is imported from a package."""
    return [(module, line) for module, line in reached(tree) if module.split(".")[0] == package]


def length_breaches(name: str, text: str) -> list[str]:
    """Return whether a page has more lines than it needs to say what stands where."""
    lines = len(text.splitlines())
    is_long = name.startswith("pages/") and lines > LONGEST_PAGE
    return [f"{name} has {lines} lines: move what its parts do into dashboard/"] if is_long else []


def import_graph(sources: Mapping[str, str]) -> Graph:
    """Return which module imports which, on loading, from the text of each file by its name."""
    modules = {module_of(name): ast.parse(text) for name, text in sources.items()}
    graph = {}
    for module, tree in modules.items():
        names = {name for name, _line in reached(_on_loading(tree))}
        whole = {name if name in modules else name.rpartition(".")[0] for name in names}
        graph[module] = (whole & modules.keys()) - {module}
    return graph


def _on_loading(tree: ast.Module) -> ast.Module:
    """Return a module without its functions, whose imports wait until they are called."""

    class Outside(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

    return Outside().visit(tree)


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that import each other, straight or by way of others.

    >>> circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()})
    [['b', 'c']]
    """
    reach = {module: _reach(graph, module) for module in graph}
    groups = {
        frozenset(other for other in reach[module] if module in reach[other])
        for module in graph
        if module in reach[module]
    }
    return sorted(sorted(group) for group in groups)


def _reach(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


@dataclass(frozen=True)
class House:
    """How a tree of the project is built."""

    rooms: dict[str, Graph]
    """Package → its rooms, each with those that it imports."""
    circles: list[list[str]]
    """Modules that import each other."""
    longest: dict[str, tuple[str, int]]
    """A page, file or function → the name of the longest one, and its lines."""


def survey(root: Path) -> House:
    """Return how the project's tree in a folder is built."""
    paths = [path for top in ("pages", "dashboard", "mlcore") for path in sorted((root / top).rglob("*.py"))]
    sources = {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in paths}
    graph = import_graph(sources)
    lengths = {name: len(text.splitlines()) for name, text in sources.items()}
    functions = {
        f"{node.name} in {name}": (node.end_lineno or 0) - node.lineno + 1
        for name, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    }
    tables = {
        "page": {name: lines for name, lines in lengths.items() if name.startswith("pages/")},
        "file": lengths,
        "function": functions,
    }
    return House(
        {package: room_graph(graph, package) for package in ("dashboard", "mlcore")},
        circles(graph),
        {kind: max(table.items(), key=lambda item: item[1]) for kind, table in tables.items()},
    )


def room_graph(graph: Graph, package: str) -> Graph:
    """Return the rooms of a package, each with the other rooms that it imports.

    >>> room_graph({"a.one.x": {"a.two", "a.one.y"}, "a.one.y": {"b.z"}, "a.two": set(), "a": {"a.two"}}, "a")
    {'one': {'two'}, 'two': set()}
    """
    rooms: dict[str, set[str]] = {}
    for module, others in graph.items():
        room = room_of(module)
        if module.split(".")[0] == package and room:
            reached_rooms = {room_of(other) for other in others if other.split(".")[0] == package}
            rooms.setdefault(room, set()).update(reached_rooms - {room, ""})
    return rooms


def arrows(rooms: Graph) -> int:
    """Return how many imports there are between rooms."""
    return sum(map(len, rooms.values()))


def figures(root: Path) -> Iterator[str]:
    """Yield lines that say how a tree of the project is built: rooms, imports, circles, what is longest."""
    house = survey(root)
    for package, rooms in house.rooms.items():
        yield f"{package}: {len(rooms)} rooms, {arrows(rooms)} imports between rooms"
    found = house.circles
    yield f"circles: {len(found)}" + "".join(f"\n  {' ↔ '.join(circle)}" for circle in found)
    for kind, (name, lines) in house.longest.items():
        yield f"longest {kind}: {name}, {lines} lines"


# ---- inside a file ----------------------------------------------------------------------------------------


def arithmetic_breaches(name: str, tree: ast.AST) -> list[str]:
    """Return the places where a page computes with arrays."""
    breaches = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            breaches.append(f"{name}:{node.lineno} multiplies matrices")
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and _called(node) in ARRAY_METHODS
        ):
            breaches.append(f"{name}:{node.lineno} calls .{_called(node)}()")
    return breaches


def docstring_breaches(name: str, tree: ast.Module) -> list[str]:
    """Return what is missing from a module's opening: two sentences."""
    text = ast.get_docstring(tree) or ""
    sentences = re.findall(r"\S[.:!?](?=\s|$)", text)
    return [] if len(sentences) >= 2 else [f"{name} does not open with two sentences"]


def undocumented(module: ModuleType) -> list[str]:
    """Return the public classes, functions and methods of a module that have no docstring.

    A method may leave it to the one it overrides.
    """
    breaches = []
    for name, thing in vars(module).items():
        here = getattr(thing, "__module__", None) == module.__name__ and not name.startswith("_")
        if here and (inspect.isclass(thing) or inspect.isfunction(thing)):
            # A dataclass without one gets its signature as docstring.
            if not thing.__doc__ or thing.__doc__.startswith(f"{name}("):
                breaches.append(name)
            breaches += [f"{name}.{method}" for method in _public_methods(thing) if _silent(thing, method)]
    return breaches


def _public_methods(thing: object) -> list[str]:
    kinds = (FunctionType, property, classmethod, staticmethod)
    members = vars(thing).items() if inspect.isclass(thing) else ()
    return [name for name, member in members if isinstance(member, kinds) and not name.startswith("_")]


def _silent(thing: object, method: str) -> bool:
    return not inspect.getdoc(getattr(thing, method))


def spoken_breaches(name: str, tree: ast.AST) -> list[str]:
    """Return the sentences shown to a visitor that do not go through `_`, and what `_` cannot look up."""
    breaches = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = _called(node)
        if called in ("_", "N_"):
            if _made_up(node.args[0]) or (called == "N_" and not isinstance(node.args[0], ast.Constant)):
                breaches.append(
                    f"{name}:{node.lineno} {called}() needs one literal, to be found in a catalogue"
                )
        elif called in SPEAKING_ERRORS or _shows(node):
            shown = node.args[:1] + [item.value for item in node.keywords if item.arg in SHOWN_BY_NAME]
            breaches += [
                f"{name}:{part.lineno} {called}(…) shows words that miss _()"
                for part in shown
                if _words(part)
            ]
    return breaches


def foreign_breaches(name: str, tree: ast.AST) -> list[str]:
    """Return the places where text that may come from a file is shown without going through a door."""
    breaches = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or name == "dashboard/ui/messages.py":
            continue
        if _is_alert(node):
            breaches.append(f"{name}:{node.lineno} st.{_called(node)}(…) is not shown by show_message")
        elif _shows(node):
            shown = [*node.args[:1], *(item.value for item in node.keywords if item.arg in SHOWN_AS_MARKDOWN)]
            breaches += [
                f"{name}:{part.lineno} {_called(node)}(…) shows foreign text as it came"
                for part in shown
                if _foreign(part)
            ]
    return breaches


def _is_alert(node: ast.Call) -> bool:
    of_streamlit = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    return of_streamlit and node.func.value.id == "st" and node.func.attr in ALERTS


def _foreign(node: ast.AST) -> bool:
    """Whether an expression holds what may come from a file and has gone through no door."""
    if isinstance(node, ast.Call):
        called = _called(node)
        if (
            called in DOORS or called == "_" or called.endswith("_html")
        ):  # such functions escape what they show
            return False
        if called in FOREIGN_CALLS:
            return True
    if isinstance(node, ast.Attribute) and node.attr in FOREIGN:
        return True
    return any(_foreign(part) for part in ast.iter_child_nodes(node))


def _made_up(node: ast.expr) -> bool:
    """Whether a text is put together on the spot: an f-string, a sum, or a literal that is filled in."""
    filled_in = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return isinstance(node, ast.JoinedStr | ast.BinOp) or (
        filled_in and isinstance(node.func.value, ast.Constant)
    )


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _shows(node: ast.Call) -> bool:
    if not isinstance(node.func, ast.Attribute):
        return False
    of_streamlit = isinstance(node.func.value, ast.Name) and node.func.value.id == "st"
    return node.func.attr in SHOWING or (of_streamlit and node.func.attr in SHOWING_BY_STREAMLIT_ITSELF)


def _words(node: ast.AST) -> bool:
    """Whether an expression holds literal text with a word in it; HTML tags and icons are no words."""
    if isinstance(node, ast.List | ast.Tuple):
        return any(_words(item) for item in node.elts)
    if isinstance(node, ast.JoinedStr):
        text = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    else:
        return False
    bare = re.sub(r"<[^>]*>?|:[a-z_]+/[a-z_]+:|:[a-z]+(-[a-z]+)?\[|&\w+;|https?://\S+", " ", text)
    return re.search(r"[^\W\d_]{2,}", bare) is not None


def waiting_breaches(name: str, tree: ast.AST) -> list[str]:
    """Return where a test waits for a time instead of a condition, or has a patience of its own."""
    breaches = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if _called(node) in ("sleep", "wait_for_timeout"):
            breaches.append(f"{name}:{node.lineno} waits for a time, not for a condition")
        patience = {item.arg: item.value for item in node.keywords if item.arg in PATIENT}
        if _called(node) in ("from_file", "from_function") and "default_timeout" not in patience:
            breaches.append(f"{name}:{node.lineno} gives a script no time but AppTest's three seconds")
        breaches += [
            f"{name}:{node.lineno} has a patience of its own"
            for value in patience.values()
            if isinstance(value, ast.Constant) and value.value is not None
        ]
    return breaches


def links(text: str) -> Iterator[str]:
    """Yield where the links and pictures of a Markdown text point to, code left out."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    yield from re.findall(r"\]\(\s*<?([^)\s>]+)", text)
    for attribute in re.findall(r"(?:src|href|srcset)=\"([^\"]+)\"", text):
        yield from (part.split()[0] for part in attribute.split(","))


def anchors(text: str) -> set[str]:
    """Return the anchors that the headings of a Markdown text have on GitHub."""
    headings = re.findall(
        r"^#+\s+(.+?)\s*$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


OLD_HABITS = re.compile(r"\b(?:learnt|anew|afresh|whoever)\b|^(?:It stands|They stand)\b", re.IGNORECASE)
"""Words that no textbook of today uses, and openings that say where a module stands, not what it holds."""


def word_breaches(name: str, text: str) -> list[str]:
    """Return where a text, code or document, falls back into words that the house has left."""
    lines = enumerate(text.splitlines(), 1)
    found = [(number, habit[0]) for number, line in lines for habit in OLD_HABITS.finditer(line)]
    return [f"{name}:{number} says {word!r}: say it in plain words" for number, word in found]


def link_breaches(path: Path, text: str) -> list[str]:
    """Return the relative links of a Markdown file that lead nowhere."""
    breaches = []
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = path if not place else (path.parent / place)
        if not target.exists():
            breaches.append(f"{path.name} links to {link}, which is not there")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text("utf-8")):
            breaches.append(f"{path.name} links to {link}, where no such heading is")
    return breaches


if __name__ == "__main__":
    print("\n".join(figures(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)))
