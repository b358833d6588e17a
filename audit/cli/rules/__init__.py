"""``callaudit rules``: write, check, test, explain, try, compare and release rule packs; one file for each noun or two."""

from audit.cli.rules.checking import check_packs, release_packs, run_tests
from audit.cli.rules.explaining import explain_verdict, show_coverage
from audit.cli.rules.group import rules
from audit.cli.rules.replaying import diff, try_on
from audit.cli.rules.writing import new_rule

for command in (new_rule, check_packs, run_tests, explain_verdict, try_on, diff, show_coverage, release_packs):
    rules.add_command(command)

__all__ = ["rules"]
