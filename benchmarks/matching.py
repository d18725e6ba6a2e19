"""What attributing a packed page costs: 50 terms looked for in 50 videos with long descriptions."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from app.ingest.matching import attribute
from benchmarks.pages import PAGE_SIZE, make_videos
from benchmarks.results import Result
from benchmarks.rounds import Cost, Meter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.videos import Video

SEED = 5
ROUNDS = 9
TERMS = 50
DESCRIPTION_CHARACTERS = 5000
MOST_MILLISECONDS = 50.0

_WORDS = {
    "English": "the live music show with news from the city, explained #shorts it's a wi-fi story",
    "French": "la météo de l'été et les élections à Montréal expliquées à l'équipe",
    "Russian": "новости утра ёлка музыка для работы новый выпуск",
    "Japanese": "今日のニュース、 東京タワーの夜景と 音楽番組。",
    "Thai": "ข่าวเช้าวันนี้ เพลงใหม่ล่าสุด ท่องเที่ยวเมืองไทย",
    "Korean": "오늘의 뉴스를 전합니다 서울의 날씨는 맑음",
}
_INTRODUCTION = """\
{terms} terms of one to three words are looked for in {videos} videos of {characters:,} characters
(seed {seed}); CPU milliseconds for all of it, median of {rounds} rounds in turns. Goal: under
{goal:.0f}.

| language | CPU | matches | raw rounds |
|---|---|---|---|
"""


def run() -> Result:
    """Measure one page in each of the languages."""
    rng = random.Random(SEED)  # noqa: S311 - the same numbers every time are what is wanted
    pages = {language: _page(rng, text.split()) for language, text in _WORDS.items()}
    costs: dict[str, list[Cost]] = {language: [] for language in pages}
    matches = {language: _attribute(*page) for language, page in pages.items()}
    for _ in range(ROUNDS):
        for language, page in pages.items():
            costs[language].append(Meter().measure(partial(_attribute, *page)))
    return _result(costs, matches)


def _page(rng: random.Random, words: Sequence[str]) -> tuple[list[str], list[Video]]:
    terms = [" ".join(rng.sample(words, rng.randrange(1, 4))) for _ in range(TERMS // 2)]
    terms += [f"{word} {number}" for number, word in enumerate(rng.choices(words, k=TERMS // 2))]
    return terms, [
        replace(video, description=_text(rng, words)) for video in make_videos(rng, PAGE_SIZE)
    ]


def _text(rng: random.Random, words: Sequence[str]) -> str:
    return " ".join(rng.choices(words, k=DESCRIPTION_CHARACTERS))[:DESCRIPTION_CHARACTERS]


def _attribute(terms: list[str], videos: list[Video]) -> int:
    return sum(len(attribute(terms, video)) for video in videos)


def _result(costs: dict[str, list[Cost]], matches: dict[str, int]) -> Result:
    text = _INTRODUCTION.format(
        terms=TERMS,
        videos=PAGE_SIZE,
        characters=DESCRIPTION_CHARACTERS,
        seed=SEED,
        rounds=ROUNDS,
        goal=MOST_MILLISECONDS,
    )
    missed = []
    for language, rounds in costs.items():
        milliseconds = [cost.cpu * 1e3 for cost in rounds]
        middle = median(milliseconds)
        raw = ", ".join(f"{each:.0f}" for each in milliseconds)
        text += f"| {language} | {middle:.1f} | {matches[language]:,} | {raw} |\n"
        if middle >= MOST_MILLISECONDS:
            missed.append(f"matching {language}: {middle:.1f} ms")
    return Result(text, tuple(missed))
