"""docs/contract.md and docs/contract.ko.md: the contract for a hotel's IT people.

In: `Terms` and the words below. Out: one Markdown page a language. `make tables` writes them; a
test holds that they are current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Final

from nextloop.jobs.contract.terms import Field, Rule, Terms, terms
from nextloop.orders.reasons import Language

_BEFORE: Final = {
    "en": """\
# The order file

<!-- Written by `make tables` from nextloop.orders and nextloop.jobs.contract.page: edit those. -->

[한국어](contract.ko.md)

For whoever writes a hotel's export. Send one file a week with the orders of that week, and again
any earlier order whose state has changed since. The data team takes the file in as it comes: a row
that breaks a rule is set aside with its line and the reason, and the rows around it get in. A file
that is no order file is refused as a whole.

## Before you send a file

    nextloop contract check orders-2017-W51.csv

reads the file with the reader that takes it in later, and stores nothing. It needs no database, no
key and, for files of this machine, no network. For each rejected row it names file, line, column
and value, the rule that is broken and how to mend it; guests' names and numbers are masked. Several
files, folders, `.csv.gz`, `gs://` addresses and `-` (a pipe) can be given. `--limit 100` shows more
rows, `--json` is for programs, `--language ko` speaks Korean.

| exit code | means |
| --- | --- |
| 0 | every row would get in |
| 2 | there is no such file, folder or bucket |
| 3 | rows would be rejected, or a file refused; or a folder holds no order file |
| 4 | a file cannot be read, or a bucket does not answer |

## When rows were rejected

Mend them where the order is kept, export again, and send the file under the same name. A row that
came before and is the same is not counted twice; of an order that comes again its newest state
counts, whatever the order of the files. Where two rows tell of the same moment, the later content
of a name counts; between two names it is the one that sorts last, so a correction that changes no
time must keep its file's name. A row that is missing from the corrected file stays as it was:
leaving a row out deletes nothing.
""",
    "ko": """\
# 주문 파일

<!-- `make tables`가 nextloop.orders와 nextloop.jobs.contract.page로 만듭니다. -->

[English](contract.md)

호텔에서 주문 데이터를 내보내는 분을 위한 안내입니다. 일주일에 파일 하나로 그 주의 주문을 보내고,
그 전 주문 가운데 상태가 바뀐 것도 함께 다시 보내 주세요. 파일은 온 그대로 받습니다. 규칙에 어긋난
행은 줄 번호와 이유를 붙여 따로 두고, 나머지 행은 그대로 들어갑니다. 주문 파일이 아니면 파일 전체를
받지 않습니다.

## 보내기 전에

    nextloop contract check orders-2017-W51.csv --language ko

나중에 파일을 받을 때와 같은 방법으로 읽고, 아무것도 저장하지 않습니다. 데이터베이스도, 키도 필요
없고, 이 컴퓨터에 있는 파일이면 네트워크도 필요 없습니다. 거부될 행마다 파일, 줄, 열, 값과 어긋난
규칙, 고치는 방법을 알려 줍니다. 고객의 이름과 번호는 가립니다. 파일 여러 개, 폴더, `.csv.gz`,
`gs://` 주소, `-`(파이프)를 줄 수 있습니다. `--limit 100`은 더 많은 행을 보여 주고, `--json`은
프로그램을 위한 것입니다.

| 종료 코드 | 뜻 |
| --- | --- |
| 0 | 모든 행이 들어갑니다 |
| 2 | 그런 파일, 폴더, 버킷이 없습니다 |
| 3 | 거부될 행이나 파일이 있습니다. 또는 폴더에 주문 파일이 없습니다 |
| 4 | 파일을 읽을 수 없거나 버킷이 응답하지 않습니다 |

## 거부된 행이 있을 때

주문 시스템에서 고친 뒤 다시 내보내서 같은 이름으로 보내 주세요. 전에 온 것과 같은 행은 두 번 세지
않고, 다시 온 주문은 파일 순서와 관계없이 가장 새로운 상태만 남습니다. 두 행의 시각이 같으면 같은
이름의 나중 파일이 남고, 이름이 다르면 이름순으로 뒤인 파일이 남습니다. 그래서 시각은 그대로 두고
값만 고칠 때에는 꼭 같은 이름으로 보내야 합니다. 고친 파일에 없는 행은 그대로 남습니다. 행을 빼도
지워지지는 않습니다.
""",
}
_HEADS: Final = {
    "en": {
        "file": "The file as a whole",
        "columns": "The 22 columns",
        "items": "Items of `contents`",
        "items_text": "A JSON array of items, or a single item. Fields that are not listed are "
        "ignored.",
        "rejected": "Why a row is rejected",
        "rejected_text": "One reason a row, the first that is found.",
        "flagged": "What is odd, but kept",
        "flagged_text": "These rows get in and are marked. The check tells of them and still ends "
        "with 0.",
        "refused": "Why a whole file is refused",
        "refused_text": "None of its rows get in. Words in braces stand for what was found.",
        "example": "A small order file",
        "example_text": "`nextloop contract show --example > example.csv` writes it.",
        "field": "no.|name|required|form|meaning",
        "rule": "code|what is wrong|what to do",
        "yes": "yes",
    },
    "ko": {
        "file": "파일 전체",
        "columns": "열 22개",
        "items": "`contents`의 품목",
        "items_text": "JSON 품목 배열, 또는 품목 하나. 여기에 없는 필드는 무시합니다.",
        "rejected": "행이 거부되는 이유",
        "rejected_text": "행마다 처음 찾은 이유 하나만 남깁니다.",
        "flagged": "이상하지만 받는 것",
        "flagged_text": "이런 행은 표시를 붙여 받습니다. 검사에서 알려 주지만 종료 코드는 0입니다.",
        "refused": "파일 전체가 거부되는 이유",
        "refused_text": "그 파일의 행은 하나도 들어가지 않습니다. 중괄호 자리에는 찾은 값이 "
        "들어갑니다.",
        "example": "작은 주문 파일",
        "example_text": "`nextloop contract show --example > example.csv`로 만들 수 있습니다.",
        "field": "번호|이름|필수|형식|뜻",
        "rule": "코드|무엇이 잘못됐나|어떻게 고치나",
        "yes": "예",
    },
}


def contract_page(language: Language) -> str:
    """Return the page as Markdown, equal for equal terms."""
    found, head = terms(language), _HEADS[language]
    parts = [
        _BEFORE[language],
        f"## {head['file']}\n",
        "".join(f"- {text}\n" for text in found.file),
        f"## {head['columns']}\n",
        _fields(found.columns, head),
        f"## {head['items']}\n\n{head['items_text']}\n",
        _fields(found.items, head),
        *(_section(found, name, head) for name in ("rejected", "flagged", "refused")),
        f"## {head['example']}\n\n{head['example_text']}\n",
        f"```csv\n{found.example}```\n",
    ]
    return "\n".join(parts)


def _section(found: Terms, name: str, head: dict[str, str]) -> str:
    rules: Iterable[Rule] = getattr(found, name)
    rows = ((f"`{rule.code}`", rule.wrong, rule.mend) for rule in rules)
    return f"## {head[name]}\n\n{head[f'{name}_text']}\n\n{_rows(head['rule'].split('|'), rows)}"


def _fields(fields: Iterable[Field], head: dict[str, str]) -> str:
    rows = (
        (str(each.number), f"`{each.name}`", head["yes"] * each.required, each.form, each.meaning)
        for each in fields
    )
    return _rows(head["field"].split("|"), rows)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    sys.stdout.write(contract_page("ko" if sys.argv[1:] == ["ko"] else "en"))
