"""What the SQL of the store may not say, and where that is written. It runs on SQLite and PostgreSQL, and is to run on
Citus, CockroachDB and YugabyteDB, which are known here by what their own documentation says they cannot do.

None of the three was run: they are not in Debian. A list read is weaker than a test run; ADR 6 says so.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CITUS = "https://docs.citusdata.com/en/stable/develop/reference_workarounds.html"
COCKROACH = "https://www.cockroachlabs.com/docs/v26.3/postgresql-compatibility"
COCKROACH_25 = "https://cockroachlabs.com/docs/v25.1/postgresql-compatibility"
YUGABYTE = "https://docs.yugabyte.com/latest/explore/ysql-language-features/postgresql-compatibility/"
SQLITE = "https://www.sqlite.org/lang.html"
POSTGRES = "https://www.postgresql.org/docs/15/sql-commands.html"


@dataclass(frozen=True)
class Construct:
    """A construct, who cannot run it or runs it differently, and where that stands."""

    pattern: str
    why: str
    source: str

    def found_in(self, sql: str) -> bool:
        """Whether the statement has it."""
        return re.search(self.pattern, sql, re.IGNORECASE) is not None


CONSTRUCTS = (
    # Distributed PostgreSQL.
    Construct(
        r"\bTRIGGER\b|\bCREATE\s+RULE\b", "no rules in Citus; no triggers in CockroachDB before 25", COCKROACH_25
    ),
    Construct(r"\bpg_(try_)?advisory", "CockroachDB: some of them do nothing and say nothing", COCKROACH_25),
    Construct(r"\bLOCK\s+TABLE\b", "no table locks in YugabyteDB", YUGABYTE),
    Construct(r"\bLISTEN\b|\bNOTIFY\b", "no events in CockroachDB and YugabyteDB", COCKROACH_25),
    Construct(r"\bEXCLUDE\b", "no exclusion constraints in YugabyteDB", YUGABYTE),
    Construct(r"\bDEFERRABLE\b|\bDEFERRED\b", "no deferrable constraints in YugabyteDB", YUGABYTE),
    Construct(r"\bINHERITS\b", "no inheritance in YugabyteDB before 2026", YUGABYTE),
    Construct(r"\bGENERATED\s+ALWAYS\b", "no stored columns in YugabyteDB before 2025", YUGABYTE),
    Construct(
        r"\bPREPARE\s+TRANSACTION\b|\bXML\w*\s*\(", "neither XA nor XML in CockroachDB and YugabyteDB", COCKROACH_25
    ),
    Construct(r"\bFOREIGN\s+(TABLE|DATA)\b", "no foreign data in CockroachDB", COCKROACH_25),
    Construct(r"\bUSING\s+(GIST|GIN|BRIN|SPGIST)\b", "no GiST in YugabyteDB", YUGABYTE),
    Construct(r"\bWITH\s+RECURSIVE\b", "Citus: within one shard only", CITUS),
    Construct(r"\bTABLESAMPLE\b|\bGROUPING\s+SETS\b|\bROLLUP\b|\bCUBE\b", "Citus: within one shard only", CITUS),
    Construct(r"\bxmin\b|\bxid8?\b|\bpg_snapshot|\bctid\b", "Citus: of one node only; none in CockroachDB", CITUS),
    Construct(
        r"\bSEQUENCE\b|\bSERIAL\b|\bBIGSERIAL\b|\bNEXTVAL\b|\bAS\s+IDENTITY\b",
        "Citus: not dense, and not of 32 bits",
        CITUS,
    ),
    Construct(
        r"^\s*UPDATE\b.*\bSET\b.*\b(RANDOM|NOW|CLOCK_TIMESTAMP|GEN_RANDOM_UUID)\s*\(",
        "Citus: no volatile function in an UPDATE",
        CITUS,
    ),
    # One engine only.
    Construct(
        r"\bAUTOINCREMENT\b|\bWITHOUT\s+ROWID\b|\bROWID\b|\bPRAGMA\b|\bGLOB\b|\bINSERT\s+OR\b", "SQLite only", SQLITE
    ),
    Construct(r"\bREPLACE\s+INTO\b|\bDATETIME\b|\bstrftime\b|\bjulianday\b|\bsqlite_master\b", "SQLite only", SQLITE),
    Construct(
        r"\bJSONB?\b|\bBOOLEAN\b|\bBYTEA\b|\bBLOB\b|\bTIMESTAMPTZ?\b|\bREAL\b|\bFLOAT\b", "types that differ", POSTGRES
    ),
    Construct(r"\bILIKE\b|\bDISTINCT\s+ON\b|::\w|\bUNLOGGED\b|\bLATERAL\b|~\*?\s*'", "PostgreSQL only", POSTGRES),
    Construct(r"\bSKIP\s+LOCKED\b|\bFOR\s+(NO\s+KEY\s+UPDATE|KEY\s+SHARE|SHARE)\b", "unlike on each engine", POSTGRES),
)
A_STATEMENT = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER TABLE|TRUNCATE|WITH)\s")
# What speaks to one engine alone, and says so: the engines themselves, and backup, whose file is an SQLite file.
OF_ONE_ENGINE = frozenset({"sqlite_database.py", "postgres_database.py", "backup.py"})
_KEYS = re.compile(r"(?:PRIMARY KEY|UNIQUE|FOREIGN KEY|REFERENCES \w+|CREATE (?:UNIQUE )?INDEX \w+ ON \w+) \(([^)]*)\)")


def faults(sql: str) -> list[str]:
    """What the statement says that it may not."""
    bare = re.sub(r"--.*", "", sql)
    found = [f"{one.why} ({one.source})" for one in CONSTRUCTS if one.found_in(bare)]
    quoted = any("?" in text for text in re.findall(r"'(?:[^']|'')*'", bare))
    return [*found, "a question mark that is no place for a value"] if quoted else found


def statements(source: str) -> Iterator[str]:
    """The SQL in a module: every text that begins as a statement does, with what stands in an f-string left out."""
    inner: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            inner.update(id(part) for part in node.values)
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else " x " for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            text = node.value
        else:
            continue
        if A_STATEMENT.match(text):
            yield text


def in_code(folder: Path) -> Iterator[tuple[str, str]]:
    """Every statement of the package with the module that it stands in."""
    for file in sorted(folder.rglob("*.py")):
        if file.name not in OF_ONE_ENGINE:
            for sql in statements(file.read_text("utf-8")):
                yield str(file.relative_to(folder)), sql


def keys_without_consortium(schema: str) -> list[str]:
    """Keys, indexes and references that do not begin with the consortium: a partition could not keep them alone."""
    bare = re.sub(r"--.*", "", schema)
    return [found[0] for found in _KEYS.finditer(bare) if found[1].split(",")[0].strip() != "consortium"]
