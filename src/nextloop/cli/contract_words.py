"""The words around the contract's own, in English and Korean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


class Count(int):
    """A number that is told with its noun: `{rows:row}` gives `1 row` or `1,204 rows`."""

    def __format__(self, spec: str) -> str:
        """Format the number with a noun, or as any number."""
        if not spec.isalpha():
            return super().__format__(spec)
        return f"{int(self):,} {spec}{'' if self == 1 else 's'}"


@dataclass(frozen=True)
class Words:
    """What `contract` and `rejects` print around codes, rules and values."""

    title: str
    file: str
    columns: str
    items: str
    rejected: str
    flagged: str
    refused: str
    example: str
    number: str
    name: str
    required: str
    form: str
    meaning: str
    code: str
    wrong: str
    mend: str
    yes: str
    fine: str
    faulty: str
    would_refuse: str
    same: str
    line: str
    column: str
    more: str
    odd: str
    words: str
    doubled: str
    place: str
    verdict_fine: str
    verdict_faulty: str


WORDS: Final = {
    "en": Words(
        title="The order file, contract version {version}",
        file="The file",
        columns="Columns",
        items="Items of contents",
        rejected="Why a row is rejected",
        flagged="Odd, but kept",
        refused="Why a whole file is refused",
        example="A small order file",
        number="no.",
        name="name",
        required="required",
        form="form",
        meaning="meaning",
        code="code",
        wrong="what is wrong",
        mend="what to do",
        yes="yes",
        fine="{file}: {rows:row}, all fine",
        faulty="{file}: {rows:row}, {rejected:,} would be rejected",
        would_refuse="{file}: refused, {wrong}",
        same="{file}: the same bytes as {other}; it would be skipped",
        line="line {line:,}",
        column="column {number} {name}",
        more="{count:,} more; show them with --limit {limit}",
        odd="odd, but kept: {code} ({rows:row}, first in line {lines})",
        words="its words: {words}",
        doubled="{count:order} met more than once; the newest state of each counts",
        place="order {order} of hotel {hotel}, {rows:row}: {places}",
        verdict_fine="{files:file}, {rows:row}: all fine",
        verdict_faulty="{files:file}, {rows:row}: {rejected:row} would be rejected, "
        "{refused_files:file} refused",
    ),
    "ko": Words(
        title="주문 파일 계약 {version}판",
        file="파일",
        columns="열",
        items="contents의 품목",
        rejected="행이 거부되는 이유",
        flagged="이상하지만 받는 것",
        refused="파일 전체가 거부되는 이유",
        example="작은 주문 파일",
        number="번호",
        name="이름",
        required="필수",
        form="형식",
        meaning="뜻",
        code="코드",
        wrong="무엇이 잘못됐나",
        mend="어떻게 고치나",
        yes="예",
        fine="{file}: {rows:,}행, 모두 정상",
        faulty="{file}: {rows:,}행 가운데 {rejected:,}행이 거부됩니다",
        would_refuse="{file}: 파일이 거부됩니다. {wrong}",
        same="{file}: {other}와(과) 내용이 같아 건너뜁니다",
        line="{line:,}번째 줄",
        column="{number}번째 열 {name}",
        more="{count:,}행 더 있습니다. --limit {limit}로 볼 수 있습니다",
        odd="이상하지만 받음: {code} ({rows:,}행, 처음 나온 줄: {lines})",
        words="그 값: {words}",
        doubled="두 번 이상 나온 주문이 {count:,}건입니다. 주문마다 가장 새로운 상태만 남습니다",
        place="호텔 {hotel}의 주문 {order}, {rows:,}행: {places}",
        verdict_fine="파일 {files:,}개, {rows:,}행: 모두 정상",
        verdict_faulty="파일 {files:,}개, {rows:,}행: {rejected:,}행과 파일 {refused_files:,}개가 "
        "거부됩니다",
    ),
}
