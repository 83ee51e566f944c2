"""The linter: what is wrong or odd in a prompt, where, and what to do; every code is in the README beside this file."""

from .checking import CheckedPrompt, check
from .finding import Finding, Severity, Suggestion
from .fixing import Fixed, fix, fix_negative
from .linter import lint, lint_negative
from .table import RULES, Rule
from .text import report

__all__ = [
    "RULES",
    "CheckedPrompt",
    "Finding",
    "Fixed",
    "Rule",
    "Severity",
    "Suggestion",
    "check",
    "fix",
    "fix_negative",
    "lint",
    "lint_negative",
    "report",
]
