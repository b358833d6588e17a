"""A CRM's complaints: columns by name or mapped, and every fault by its line."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from audit.errors import MetadataError
from audit.ingest import read_crm

ZONE = ZoneInfo("Asia/Shanghai")


def read(tmp_path, text, columns=None, encoding="utf-8"):
    path = tmp_path / "crm.csv"
    path.write_bytes(text.encode(encoding))
    return read_crm(path, ZONE, columns)


def test_columns_are_found_by_their_names(tmp_path):
    table = read(
        tmp_path,
        "Ticket ID,call_id,opened_at,answered_at,closed_at,major,satisfaction,note,priority\n"
        "T1,2041,2026-11-02 10:00,2026-11-02 12:00,2026-11-04 09:30,no,85,replaced,2\n",
    )
    ((event, number),) = table.events
    assert (event.source, event.ref, event.call_id, number) == ("crm", "T1", "2041", None)
    assert event.closed_at == datetime(2026, 11, 4, 9, 30, tzinfo=ZONE)
    assert (event.is_major, event.satisfaction, event.note) == (False, 85.0, "replaced")
    assert table.unused == ("priority",)


def test_a_chinese_export_is_understood(tmp_path):
    text = "工单号,客户电话,投诉时间,办结时间,重大投诉,满意度\nT1,138 0013 8000,2026年11月2日 10:00,,是,70%\n"
    ((event, number),) = read(tmp_path, text, encoding="gb18030").events
    assert (number, event.opened_at, event.closed_at) == ("138 0013 8000", datetime(2026, 11, 2, 10, 0, tzinfo=ZONE), None)
    assert (event.is_major, event.satisfaction) == (True, 70.0)


def test_other_columns_are_mapped(tmp_path):
    text = "Nr;Guid;Done\n7;2041;2026-11-04 09:30\n"
    ((event, _),) = read(tmp_path, text, {"call_id": "guid", "closed_at": "Done", "ticket": "Nr"}).events
    assert (event.ref, event.call_id) == ("7", "2041")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (",,2026-11-02 10:00,,,", "neither a call's id nor a customer's number"),
        (",13800138000,,,,", "needs the time at which it was registered"),
        ("2041,,2026-13-02 10:00,,,", "opened_at"),
        ("2041,,2026-11-02 10:00,2026-11-01 10:00,,", "closed_at (2026-11-01 10:00) is before opened_at"),
        ("2041,,2026-11-02 10:00,,maybe,", "is_major: 'maybe' is neither yes nor no"),
        ("2041,,2026-11-02 10:00,,,500", "satisfaction: '500' is no figure from 0 to 100"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_taken(tmp_path, line, says):
    text = f"call_id,customer_number,opened_at,closed_at,is_major,satisfaction\n2040,,,,,\n{line}\n"
    with pytest.raises(MetadataError) as caught:
        read(tmp_path, text)
    assert "crm.csv:3: " in caught.value.message and says in caught.value.message


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("a,b\n1,2\n", {}, "neither a call's id nor a customer's number"),
        ("call_id\n1\n", {"closed_at": "Done"}, "no column 'Done'"),
        ("call_id\n1\n", {"closed": "call_id"}, "unknown field 'closed'"),
        ("", {}, "is empty"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(tmp_path, text, columns, says):
    with pytest.raises(MetadataError, match=says):
        read(tmp_path, text, columns)
