"""The rules of the house that a compiler does not check. Each rule is a function from a tree to a list of
complaints, a line each, that say where and what to change. The map of include arrows is the table in
docs/architecture.md: to change an arrow, change it there, in the same commit."""

import pathlib
import re

SOURCES = (".h", ".cc", ".inc")
LINES_WITHOUT_REASON = 600
REASON_WITHIN = 15  # lines from the top

# Headers of libraries that only some rooms may see.
WALLS = {
    "llvm/": ("compile/llvm/",),
    "spyre_text.h": ("text/", "hub/"),
}


def source_files(root: pathlib.Path, *folders: str) -> list[pathlib.Path]:
    return sorted(file for folder in folders for file in (root / folder).rglob("*") if file.suffix in SOURCES)


def include_map(root: pathlib.Path) -> dict[str, set[str]]:
    """room -> rooms it may include, from the rows `| room, room | may include |` of docs/architecture.md."""
    arrows: dict[str, set[str]] = {}
    text = (root / "docs/architecture.md").read_text()
    table = text.partition("| room | may include |")[2]
    for row in re.findall(r"^\| *([a-z, ]+?) *\| *([a-z, ]+?) *\|$", table, re.MULTILINE):
        for room in row[0].split(", "):
            arrows[room] = {"base"} if row[1] == "base only" else {"base", *row[1].split(", ")}
    for room, targets in arrows.items():
        if targets == {"base", "every room"}:
            arrows[room] = set(arrows)
    return arrows


def includes(file: pathlib.Path) -> list[tuple[int, str]]:
    lines = file.read_text(errors="replace").splitlines()
    found = ((number, re.match(r'\s*#\s*include\s*[<"]([^">]+)[">]', line)) for number, line in enumerate(lines, 1))
    return [(number, match.group(1)) for number, match in found if match]


def arrows_leaving_the_map(root: pathlib.Path) -> list[str]:
    arrows = include_map(root)
    complaints = []
    for file in source_files(root, "src"):
        place = file.relative_to(root / "src")
        room = place.parts[0]
        if room not in arrows:
            complaints.append(f"{room}: this room is not in the map of docs/architecture.md")
            continue
        for number, header in includes(file):
            target = header.split("/")[0]
            where = f"src/{place}:{number}"
            if "/" in header and target in arrows and target != room and target not in arrows[room]:
                complaints.append(f"{where}: {room} -> {target} ({header}) leaves the map of docs/architecture.md")
            for prefix, allowed in WALLS.items():
                if header.startswith(prefix) and not str(place).startswith(allowed):
                    complaints.append(f"{where}: {header} may only be included in {' and '.join(allowed)}")
    return sorted(set(complaints))


def cycles_in_the_map(root: pathlib.Path) -> list[str]:
    arrows = include_map(root)
    complaints = []

    def walk(room: str, path: list[str]) -> None:
        for target in arrows.get(room, ()):
            if target == room:
                continue
            if target in path:
                complaints.append(" -> ".join([*path[path.index(target) :], target]))
            else:
                walk(target, [*path, target])

    for room in arrows:
        if len(arrows[room]) < len(arrows):  # cli and capi see everything and nothing sees them
            walk(room, [room])
    return sorted(set(complaints))


def environment_readers(root: pathlib.Path) -> list[str]:
    """Only src/config reads the environment; every other room is given what it needs."""
    reads = re.compile(r"\b(?:secure_)?getenv\s*\(|\benviron\b")
    complaints = []
    for file in source_files(root, "src"):
        place = file.relative_to(root)
        if place.parts[1] == "config":
            continue
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            if reads.search(line.partition("//")[0]):
                complaints.append(f"{place}:{number}: the environment is read in src/config only; pass the value in")
    return complaints


def long_files(root: pathlib.Path) -> list[str]:
    """A file past 600 lines says at its top why: a comment with the words "long because"."""
    complaints = []
    for file in source_files(root, "src", "tests", "bench"):
        lines = file.read_text(errors="replace").splitlines()
        top = " ".join(lines[:REASON_WITHIN])
        if len(lines) > LINES_WITHOUT_REASON and "long because" not in top:
            complaints.append(
                f"{file.relative_to(root)}: {len(lines)} lines; split it, or say at the top what it is long because of"
            )
    return complaints


def files_without_purpose(root: pathlib.Path) -> list[str]:
    """A header begins with prose: what it owns, what it refuses to know."""
    return [
        f"{file.relative_to(root)}: begin with a comment that says what the file is for"
        for file in source_files(root, "src")
        if file.suffix == ".h" and not file.read_text(errors="replace").lstrip().startswith("//")
    ]


def rooms_without_paragraph(root: pathlib.Path) -> list[str]:
    text = (root / "src/README.md").read_text()
    complaints = []
    for folder in sorted(path for path in (root / "src").iterdir() if path.is_dir()):
        paragraph = re.search(rf"^\*\*{folder.name}\*\* .{{80,}}", text, re.MULTILINE)
        if paragraph is None:
            complaints.append(f"src/README.md: wanted a paragraph that begins with **{folder.name}**")
    return complaints


def named_paths(text: str) -> set[str]:
    """Paths of the tree that a document names: in `code`, with a slash, of plain characters; and link targets."""
    code = re.findall(r"`([A-Za-z0-9_.][A-Za-z0-9_./-]*/[A-Za-z0-9_./-]*)`", text)
    links = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    return {*code, *links} - {""}


# First words of paths that are not the tree's: made by the build, or another project's.
ELSEWHERE = ("build/", "http/", "text/", "application/", "org/")


def missing_paths(root: pathlib.Path) -> list[str]:
    complaints = []
    documents = [*sorted((root / "docs").glob("*.md")), root / "README.md", root / "src/README.md"]
    for document in documents:
        for path in sorted(named_paths(document.read_text())):
            if path.startswith(ELSEWHERE) or "NAME" in path:  # NAME stands for any
                continue
            places = (root / path, document.parent / path, root / "src" / path)
            if not any(place.exists() for place in places):
                complaints.append(f"{document.relative_to(root)}: names {path}, which does not exist")
    return complaints


def machine_paths(root: pathlib.Path) -> list[str]:
    """No file of the tree names a home folder: what works for one user only is not finished."""
    complaints = []
    for file in source_files(root, "src", "tests", "bench"):
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            if re.search(r'["\s](/home/\w+|/root)/', line):
                complaints.append(f"{file.relative_to(root)}:{number}: names a home folder")
    return complaints


RULES = (
    arrows_leaving_the_map,
    cycles_in_the_map,
    environment_readers,
    long_files,
    files_without_purpose,
    rooms_without_paragraph,
    missing_paths,
    machine_paths,
)
