"""The customer's receipt in an answer of the Terminal API, line by line in the terminal's own words. Pure.

A line is a text, or name and value in the form `name=…&value=…&key=…` with %-escapes, of which the key is not printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unicodedata import category
from urllib.parse import unquote

_MOST_LINES = 200
_LONGEST_LINE = 500
_NOT_PRINTED = frozenset({"Cc", "Cs"})
_FORM = frozenset({"name", "value", "key"})


def customer_receipt(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines of the first PaymentReceipt for the customer; () where there is none that can be printed."""
    receipts = answer.get("PaymentReceipt")
    for receipt in receipts if isinstance(receipts, list) else []:
        if isinstance(receipt, dict) and receipt.get("DocumentQualifier") == "CustomerReceipt":
            content = receipt.get("OutputContent")
            texts = content.get("OutputText") if isinstance(content, dict) else None
            return _lines(texts) if isinstance(texts, list) else ()
    return ()


def _lines(texts: list[Any]) -> tuple[str, ...]:
    lines: list[str] = []
    begun = ""
    for one in texts:
        if not isinstance(one, dict) or not isinstance(one.get("Text"), str):
            return ()
        begun += _words(one["Text"])
        if one.get("EndOfLineFlag", True):
            lines.append(begun)
            begun = ""
    lines += [begun] if begun else []
    return tuple(lines) if len(lines) <= _MOST_LINES and all(map(_printable, lines)) else ()


def _printable(line: str) -> bool:
    """Short enough, and without characters that steer a printer or that no file can hold."""
    return len(line) <= _LONGEST_LINE and not any(category(one) in _NOT_PRINTED for one in line)


def _words(text: str) -> str:
    parts = [part.partition("=") for part in text.split("&")]
    if not all(found and name in _FORM for name, found, _ in parts):
        return text
    told = {name: unquote(value) for name, _, value in parts}
    return " ".join(told[name] for name in ("name", "value") if told.get(name))
