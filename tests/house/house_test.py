"""Holds the tree to the rules of house_rules.py, and the rules to small trees that break them."""

import pathlib
import tempfile
import unittest

import house_rules as rules

ROOT = pathlib.Path(__file__).resolve().parents[2]

ARCHITECTURE = """
| room | may include |
| --- | --- |
| graph, kernels | base only |
| backend | graph, kernels |
| cli | every room |
"""


class TheHouse(unittest.TestCase):
    pass


def add_rule(rule):
    def test(self):
        complaints = rule(ROOT)
        self.assertEqual(complaints, [], "\n" + "\n".join(complaints))

    test.__doc__ = rule.__doc__
    setattr(TheHouse, f"test_{rule.__name__}", test)


for each in rules.RULES:
    add_rule(each)


class TheRules(unittest.TestCase):
    """A rule that finds nothing proves nothing: each is shown a tree with one fault."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("docs/architecture.md", ARCHITECTURE)
        self.write("README.md", "")
        self.write("src/README.md", "**graph** " + "holds the intermediate representation of models. " * 3)

    def write(self, path: str, text: str):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def test_map_is_read_from_the_document(self):
        arrows = rules.include_map(self.root)
        self.assertEqual(arrows["backend"], {"base", "graph", "kernels"})
        self.assertEqual(arrows["graph"], {"base"})
        self.assertEqual(arrows["cli"], {"graph", "kernels", "backend", "cli"})

    def test_allowed_arrow_passes(self):
        self.write("src/backend/run.cc", '#include "graph/graph.h"\n#include "base/result.h"\n#include <vector>\n')
        self.assertEqual(rules.arrows_leaving_the_map(self.root), [])

    def test_forbidden_arrow_is_named_with_its_line(self):
        self.write("src/kernels/k.h", '// k\n#include "graph/graph.h"\n')
        self.assertEqual(
            rules.arrows_leaving_the_map(self.root),
            ["src/kernels/k.h:2: kernels -> graph (graph/graph.h) leaves the map of docs/architecture.md"],
        )

    def test_unknown_room_is_named(self):
        self.write("src/attic/a.h", "// old\n")
        self.assertIn("attic", rules.arrows_leaving_the_map(self.root)[0])

    def test_wall_around_a_library(self):
        self.write("src/backend/jit.cc", "#include <llvm/IR/Module.h>\n")
        self.assertIn("compile/llvm/", rules.arrows_leaving_the_map(self.root)[0])

    def test_cycle_is_found(self):
        self.write(
            "docs/architecture.md",
            "| room | may include |\n| --- | --- |\n| graph | model |\n| model | graph |\n| cli | every room |\n",
        )
        self.assertIn("graph -> model -> graph", rules.cycles_in_the_map(self.root))

    def test_getenv_outside_config(self):
        self.write("src/graph/a.cc", 'auto x = std::getenv("HOME");\n')
        self.write("src/graph/b.cc", "// getenv( in a comment is fine\n")
        self.write("src/config/c.cc", 'auto x = std::getenv("HOME");\n')
        self.assertEqual(len(rules.environment_readers(self.root)), 1)

    def test_long_file_needs_a_reason(self):
        self.write("src/graph/long.cc", "\n" * 700)
        self.write("src/graph/table.cc", "// A table, long because the format has that many codes.\n" + "\n" * 700)
        self.assertEqual([line.split(":")[0] for line in rules.long_files(self.root)], ["src/graph/long.cc"])

    def test_header_without_purpose(self):
        self.write("src/graph/a.h", "#pragma once\n")
        self.assertEqual(len(rules.files_without_purpose(self.root)), 1)

    def test_room_without_paragraph(self):
        self.write("src/graph/a.h", "// a\n")
        self.write("src/model/a.h", "// a\n")
        self.assertEqual(
            rules.rooms_without_paragraph(self.root), ["src/README.md: wanted a paragraph that begins with **model**"]
        )

    def test_path_that_does_not_exist(self):
        self.write("docs/a.md", "see `src/README.md`, `src/gone.h`, `build/release/spyre` and [map](architecture.md)")
        self.assertEqual(rules.missing_paths(self.root), ["docs/a.md: names src/gone.h, which does not exist"])

    def test_home_folder(self):
        self.write("tests/a_test.cc", 'open("/home/me/model");\n')
        self.assertEqual(len(rules.machine_paths(self.root)), 1)


if __name__ == "__main__":
    unittest.main()
