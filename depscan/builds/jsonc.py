"""JSON with comments and trailing commas, as devcontainer.json is written.

In: a text. Out: the value, or UnusableTextError with a line. Comments and commas give way to spaces, so that lines and
columns stay, and the standard library reads the rest.
"""

from __future__ import annotations

import json
import re

from depscan.source import UnusableTextError

_PIECE = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING = re.compile(r'("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])')


def read_jsonc(text: str) -> object:
    """The value of a text."""
    plain = _PIECE.sub(lambda match: match[0] if match[0][0] == '"' else re.sub(r"[^\n]", " ", match[0]), text)
    plain = _TRAILING.sub(lambda match: match[1] or " ", plain)
    try:
        return json.loads(plain)
    except json.JSONDecodeError as error:
        raise UnusableTextError(f"not valid JSON: {error.msg}", error.lineno) from None
    except (RecursionError, ValueError):
        raise UnusableTextError("nested too deep, or a number too long") from None
