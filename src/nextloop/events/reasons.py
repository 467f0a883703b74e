"""Why a line of events is rejected: the codes that `rejected_rows.reason` holds for them."""

from __future__ import annotations

from typing import Final

from nextloop.orders.reasons import Reason, Said, by_code

EVENT_REASONS: Final = by_code(
    Reason(
        "event_not_json",
        Said(
            "The line is not a JSON object in UTF-8 of at most 64 KiB.",
            "Put only files there that nextloop events ship has brought.",
        ),
        Said(
            "64KiB 이하의 UTF-8 JSON 객체가 아닌 줄입니다.",
            "nextloop events ship으로 옮긴 파일만 넣어 주세요.",
        ),
    ),
    Reason(
        "event_torn",
        Said(
            "The file ends within this line: its writer died before it acknowledged the event.",
            "Nothing: a caller who got no answer sends the event again.",
        ),
        Said(
            "파일이 이 줄 중간에서 끝납니다. 이벤트를 확인해 주기 전에 프로세스가 죽었습니다.",
            "할 일이 없습니다. 응답을 받지 못한 호출자가 다시 보냅니다.",
        ),
    ),
    Reason(
        "event_field_missing",
        Said(
            "A field that every event has is missing.",
            "Compare the line with POST /v1/events in docs/api.md; the API writes all of them.",
        ),
        Said(
            "모든 이벤트에 있어야 하는 필드가 없습니다.",
            "docs/api.md의 POST /v1/events와 비교해 주세요. API는 모두 기록합니다.",
        ),
    ),
    Reason(
        "event_field_wrong",
        Said(
            "A field is of another type, or out of range.",
            "Compare the line with POST /v1/events in docs/api.md; the API refuses such events.",
        ),
        Said(
            "필드의 형식이나 범위가 맞지 않습니다.",
            "docs/api.md의 POST /v1/events와 비교해 주세요. API는 이런 이벤트를 거부합니다.",
        ),
    ),
)
