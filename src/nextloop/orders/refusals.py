"""What the contract says of a whole file: why it is refused before any row of it counts.

In: a code and what was found. Out: a `FileFault`, whose message and hint are English, as all
faults' are; `said` gives the same in a language of the reader's choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nextloop.errors import DataFault
from nextloop.orders.reasons import Language, Reason, Said, by_code

REFUSALS: Final = by_code(
    Reason(
        "file_name",
        Said(
            "its name ends neither with .csv nor with .csv.gz, so it would not be looked at",
            "Name it .csv, or .csv.gz if it is packed with gzip.",
        ),
        Said(
            "이름이 .csv나 .csv.gz로 끝나지 않아 읽히지 않습니다",
            "이름을 .csv로, gzip으로 압축했다면 .csv.gz로 끝내 주세요.",
        ),
    ),
    Reason(
        "header_missing",
        Said("it has no header", "Export it again with the header line."),
        Said("헤더가 없습니다", "헤더 줄과 함께 다시 내보내 주세요."),
    ),
    Reason(
        "header_unknown",
        Said(
            "its first line is no header: {known} of the contract's {columns} columns are in it",
            "Export it with the header line.",
        ),
        Said(
            "첫 줄이 헤더가 아닙니다: 계약의 열 {columns}개 가운데 {known}개만 있습니다",
            "헤더 줄과 함께 내보내 주세요.",
        ),
    ),
    Reason(
        "header_endless",
        Said(
            "its first line is no header: it is longer than {bytes} bytes",
            "Export it with the header line, and lines that end.",
        ),
        Said(
            "첫 줄이 헤더가 아닙니다: {bytes}바이트보다 깁니다",
            "헤더 줄이 있고 줄바꿈이 있는 파일로 내보내 주세요.",
        ),
    ),
    Reason(
        "header_not_text",
        Said("its header is not text", "Export it as CSV in UTF-8."),
        Said("헤더가 텍스트가 아닙니다", "UTF-8 CSV로 내보내 주세요."),
    ),
    Reason(
        "header_not_csv",
        Said("its header is not CSV", "Export it again as CSV in UTF-8."),
        Said("헤더가 CSV가 아닙니다", "UTF-8 CSV로 다시 내보내 주세요."),
    ),
    Reason(
        "line_ends",
        Said(
            "its header is not CSV: its lines end with a carriage return alone",
            "Save it with line feeds (LF or CRLF) at the ends of its lines.",
        ),
        Said(
            "헤더가 CSV가 아닙니다: 줄이 CR 하나로 끝납니다",
            "줄 끝을 LF나 CRLF로 저장해 주세요.",
        ),
    ),
    Reason(
        "utf16",
        Said("it is UTF-16", "Save it as UTF-8."),
        Said("UTF-16입니다", "UTF-8로 저장해 주세요."),
    ),
    Reason(
        "not_text",
        Said(
            "no row of it is UTF-8 (CP949, as Excel saves?)",
            "Save it as UTF-8 and put it there again.",
        ),
        Said(
            "UTF-8인 행이 하나도 없습니다 (엑셀이 저장하는 CP949인가요?)",
            "UTF-8로 저장해서 다시 넣어 주세요.",
        ),
    ),
    Reason(
        "separator",
        Said("its columns are separated by {mark}", "Export it with commas."),
        Said("열이 {mark}(으)로 나뉘어 있습니다", "쉼표로 내보내 주세요."),
    ),
    Reason(
        "column_twice",
        Said("column {name} is there twice", "Export it again with each column once."),
        Said("열 {name}이(가) 두 번 있습니다", "열마다 한 번씩만 내보내 주세요."),
    ),
    Reason(
        "columns_missing",
        Said("column {missing} is missing", "Export it with the contract's 22 columns."),
        Said("열 {missing}이(가) 없습니다", "계약의 열 22개를 모두 내보내 주세요."),
    ),
    Reason(
        "columns_unknown",
        Said("column {unknown} is unknown", "Export it with the contract's 22 columns alone."),
        Said("열 {unknown}은(는) 모르는 열입니다", "계약의 열 22개만 내보내 주세요."),
    ),
    Reason(
        "columns_differ",
        Said(
            "column {missing} is missing; column {unknown} is unknown",
            "Export it with the contract's 22 columns, named as in the contract.",
        ),
        Said(
            "열 {missing}이(가) 없고, 열 {unknown}은(는) 모르는 열입니다",
            "계약의 열 22개를 계약의 이름 그대로 내보내 주세요.",
        ),
    ),
    Reason(
        "gzip_damaged",
        Said(
            "its gzip is damaged or cut off ({error})",
            "Copy the file again when it is whole.",
        ),
        Said(
            "gzip이 손상되었거나 잘렸습니다 ({error})",
            "파일이 다 만들어진 뒤에 다시 복사해 주세요.",
        ),
    ),
    Reason(
        "file_too_large",
        Said(
            "it has more than {bytes} bytes",
            "Split it, or raise orders.max_file_bytes.",
        ),
        Said(
            "{bytes}바이트보다 큽니다",
            "파일을 나누거나 orders.max_file_bytes를 늘려 주세요.",
        ),
    ),
    Reason(
        "unpacks_too_large",
        Said(
            "it unpacks to more than {bytes} bytes",
            "Split it, or raise orders.max_file_bytes.",
        ),
        Said(
            "압축을 풀면 {bytes}바이트보다 큽니다",
            "파일을 나누거나 orders.max_file_bytes를 늘려 주세요.",
        ),
    ),
)


class FileFault(DataFault):
    """An order file that cannot be read as one.

    Args:
        code: Which refusal.
        values: What was found, under the names that the refusal's words have in braces.
    """

    def __init__(self, code: str, **values: str | int) -> None:
        words = REFUSALS[code].en
        super().__init__(words.wrong.format(**values), words.mend)
        self.code = code
        self.values = values

    def said(self, language: Language) -> Said:
        """Return what is wrong and how to mend it in a language."""
        words = REFUSALS[self.code].said(language)
        return Said(words.wrong.format(**self.values), words.mend)


def in_another_encoding(rows: int, reasons: Mapping[str, int]) -> FileFault | None:
    """Refuse a file of which no row is UTF-8: it was saved in another encoding, not damaged.

    Args:
        rows: Rows in the file.
        reasons: Rejected ones by reason code.
    """
    return FileFault("not_text") if rows and reasons.get("not_utf8") == rows else None
