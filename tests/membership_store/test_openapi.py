"""The OpenAPI document: fresh, true to what the codec reads, and served by the store itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from circulation import identifiers as ids
from circulation import wire
from membership_store.web import schemas
from membership_store.web.__main__ import text
from tests.membership_store.running import ROOT, StoreProcess

PARSERS = {
    ids.PassNumber: ids.pass_number,
    ids.ItemBarcode: ids.item_barcode,
    ids.ChipUid: ids.chip_uid,
    ids.Isil: ids.isil,
    ids.EventId: ids.event_id,
    ids.BranchCode: ids.code,
}


def test_the_committed_document_is_the_one_that_the_operations_make() -> None:
    committed = Path(ROOT / "docs" / "openapi.json").read_text("utf-8")
    assert committed == text(), "the interface has changed: run `make docs` and commit docs/openapi.json"


def test_that_a_credential_does_not_count_stands_in_the_document_where_anybody_may_ask(store: StoreProcess) -> None:
    shown = {"Authorization": "Bearer nobody"}
    answer = requests.get(store.url + "/v1/health", headers=shown, timeout=60)
    told = json.loads(text())["paths"]["/v1/health"]["get"]["responses"][str(answer.status_code)]
    assert answer.status_code == 401
    assert f'"{answer.json()["type"]}"' in json.dumps(told)


def test_the_store_serves_its_document_to_anybody(store: StoreProcess) -> None:
    answer = requests.get(f"{store.url}/v1/openapi.json", timeout=60)
    assert answer.status_code == 200
    assert answer.json() == json.loads(text())


@pytest.mark.parametrize("kind", PARSERS, ids=lambda kind: kind.__name__)
def test_the_form_of_an_identifier_is_the_one_that_its_parser_takes(kind: Any) -> None:
    form, parse = str(schemas.Schemas().asked(kind)["pattern"]), PARSERS[kind]
    like_one = st.from_regex(form, fullmatch=True, alphabet=st.characters(max_codepoint=127))
    near_one = st.text("0aAzZ- .:/_7", max_size=42)

    @given(like_one | near_one)
    def agree(said: str) -> None:
        try:
            parse(said)
        except ids.IdentifierError:
            assert not re.fullmatch(form, said)
        else:
            assert re.fullmatch(form, said)

    agree()


def test_every_answer_of_the_desk_names_its_outcome_and_all_of_its_fields() -> None:
    made = schemas.Schemas()
    for outcome, kind in wire.ANSWERS.items():
        made.said(kind)
        said = made.components[kind.__name__]
        assert said["properties"]["outcome"] == {"const": outcome}
        assert set(said["required"]) == set(said["properties"])


def test_a_schema_written_by_hand_may_name_types_in_it() -> None:
    made = schemas.Schemas()
    body = {"type": "object", "properties": {"number": ids.PassNumber, "pins": {"type": "array", "items": str}}}
    assert made.asked(body)["properties"] == {
        "number": made.asked(ids.PassNumber),
        "pins": {"type": "array", "items": made.asked(str)},
    }
