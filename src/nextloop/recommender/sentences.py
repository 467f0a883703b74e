"""Recommender: the sentences of reasons, Korean and English. Evidence goes in, words come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Evidence = Mapping[str, int | float | str]
Sentence = Callable[[Evidence], str]

_SYLLABLES = 11_172  # Hangul syllables from 가 on; of each 28 in a row the first ends in a vowel


def _ago_ko(days: object) -> str:
    # With the verb: its form follows the last letter of what stands before it.
    return {0: "오늘이었어요", 1: "어제였어요"}.get(int(str(days)), f"{days}일 전이었어요")


def _ago_en(days: object) -> str:
    return {0: "today", 1: "yesterday"}.get(int(str(days)), f"{days} days ago")


def _times_en(count: object) -> str:
    return {1: "once", 2: "twice"}.get(int(str(count)), f"{count} times")


def _with_ko(name: object) -> str:
    """Add the particle for "with": 과 after a final consonant, 와 after a vowel."""
    word = str(name).strip()
    last = ord(word[-1]) - ord("가") if word else -1
    if not 0 <= last < _SYLLABLES:
        return f"{word}와(과)"
    return word + ("과" if last % 28 else "와")


def _before_ko(e: Evidence) -> str:
    if "this_stay" in e:
        return "이번 투숙 중에 주문하신 메뉴예요."
    return f"전에 {e['count']}번 주문하셨어요. 마지막 주문은 {_ago_ko(e['last_days'])}."


def _before_en(e: Evidence) -> str:
    if "this_stay" in e:
        return "You ordered it in this stay."
    return f"You ordered it {_times_en(e['count'])}, last {_ago_en(e['last_days'])}."


SENTENCES: Mapping[str, Mapping[str, Sentence]] = {
    "ko": {
        "ordered_before": _before_ko,
        "together": lambda e: (
            f"{_with_ko(e['with_item_name'])} 함께 주문한 투숙이 {e['stays']}건이에요."
        ),
        "popular_now": lambda e: (
            f"{e['from_hour']}시부터 {e['to_hour']}시 사이에 평소의 {e['lift']}배로 주문돼요"
            f" ({e['orders']}건)."
        ),
        "for_families": lambda e: (
            f"아이와 함께 온 손님이 평소의 {e['lift']}배로 주문해요 ({e['orders']}건)."
        ),
        "popular": lambda e: f"최근 {e['days']}일 동안 {e['orders']}건 주문됐어요.",
        "menu": lambda _: "이 호텔의 메뉴예요.",
    },
    "en": {
        "ordered_before": _before_en,
        "together": lambda e: f"Ordered together with {e['with_item_name']} in {e['stays']} stays.",
        "popular_now": lambda e: (
            f"Ordered {e['lift']} times as often as usual between {e['from_hour']}:00 and"
            f" {e['to_hour']}:00 ({e['orders']} orders)."
        ),
        "for_families": lambda e: (
            f"Guests with children order it {e['lift']} times as often as usual"
            f" ({e['orders']} orders)."
        ),
        "popular": lambda e: f"Ordered {e['orders']} times in the last {e['days']} days.",
        "menu": lambda _: "From this hotel's menu.",
    },
}
