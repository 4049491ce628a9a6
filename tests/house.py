"""The rules of the house that a program can check, each a function from a parsed file to its breaches.

It stands beside the whole path: `test_house` runs every rule over every file, and over planted breaches.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("pages", "dashboard", "mlcore", "benchmarks", "examples", "models", "docs")

MLCORE_MAY_IMPORT = {*sys.stdlib_module_names, "mlcore", "numpy", "PIL"}
OPTIONAL_DOORS = {"mlcore/sklearn.py": {"sklearn"}, "mlcore/onnx.py": {"onnx", "onnxruntime"}}
RUNS_MUST_NOT_IMPORT = {"streamlit", "streamlit_drawable_canvas", "plotly", "pandas", "pages", "app"}
PAGES_MAY_IMPORT = {*sys.stdlib_module_names, "streamlit", "dashboard", "mlcore"}
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
    "DatasetError", "ModelFileError", "NoDisk", "NoRoom", "RunError", "SecondProcessError", "SettingError",
    "TooSlow", "TrainingDiverged",
}  # fmt: skip


def python_files() -> list[Path]:
    """Return every source file of the project but the tests, sorted."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
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
    return True


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
