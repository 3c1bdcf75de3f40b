"""The counting of scripts/check.py: its totals are what the house goes by, so a lost failure would be the worst bug."""

import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import check


class GoogleTest(unittest.TestCase):
    def count(self, text: str):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "report.json"
            file.write_text(text)
            return check.count_google_test(file)

    def test_cases_are_counted_by_their_end(self):
        cases = [
            {"result": "COMPLETED"},
            {"result": "COMPLETED", "failures": [{"failure": "x"}]},
            {"result": "SKIPPED"},
            {"result": "SUPPRESSED"},
        ]
        self.assertEqual(
            self.count(json.dumps({"testsuites": [{"testsuite": cases}, {"testsuite": cases[:1]}]})), (2, 1, 2)
        )

    def test_a_program_that_died_has_no_report(self):
        self.assertIsNone(self.count(""))
        self.assertIsNone(self.count('{"tests": 1'))
        self.assertIsNone(check.count_google_test(pathlib.Path("/nonexistent")))


class Unittest(unittest.TestCase):
    def test_closing_lines(self):
        self.assertEqual(check.count_unittest("...\nRan 12 tests in 1.0s\n\nOK\n"), (12, 0, 0))
        self.assertEqual(check.count_unittest("Ran 12 tests in 1s\n\nOK (skipped=2)\n"), (10, 0, 2))
        self.assertEqual(
            check.count_unittest("Ran 12 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=3)\n"), (6, 3, 3)
        )

    def test_one_test_may_fail_in_many_parts(self):
        self.assertEqual(check.count_unittest("Ran 1 test in 1s\n\nFAILED (failures=5)\n"), (0, 5, 0))

    def test_no_closing_lines(self):
        self.assertIsNone(check.count_unittest("Traceback: SyntaxError\n"))


class Totals(unittest.TestCase):
    def test_every_failure_keeps_its_name(self):
        totals = check.Totals()
        totals.add("tests", 5, 2, 1)
        totals.one("format", True)
        totals.one("tidy", False)
        self.assertEqual((totals.passed, totals.failures, totals.skipped), (6, ["tests", "tests", "tidy"], 1))


if __name__ == "__main__":
    unittest.main()
