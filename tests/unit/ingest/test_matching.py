"""What a term matches: a table of texts as people write them, and laws that hold for any text."""

# ruff: noqa: RUF001 - other scripts look like Latin

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.domain.videos import CanonicalJson, Detail, Video
from app.ingest.matching import Place, attribute, match


def video(
    title: str = "", description: str = "", tags: tuple[str, ...] = (), channel: str = ""
) -> Video:
    return Video(
        video_id="video-00001",
        title=title,
        description=description,
        published_at=datetime(2026, 5, 1, tzinfo=UTC),
        channel_id="UC0123456789012345678901",
        channel_title=channel,
        detail=Detail.FULL,
        tags=CanonicalJson(json.dumps(tags)),
    )


MATCHES = [
    # words
    ("news", "Morning NEWS, today"),
    ("news", "«News»: what now?"),
    ("live music", "Music, played live"),
    ("Tom & Jerry", "Jerry and Tom"),
    ("news", "news_at_ten"),
    ("q&a", "Our first Q & A"),
    ("100%", "100 reasons"),
    # phrases
    ('"late night"', "A late   night show"),
    ('"late night"', "late-night show"),
    ('"late night" jazz', "Jazz for a late night"),
    # hyphens and apostrophes
    ("wi-fi", "Better Wi\u2011Fi at home"),
    ("wi-fi", "Better WiFi at home"),
    ("wifi", "Better Wi-Fi at home"),
    ("wi fi", "Better Wi-Fi at home"),
    ("don't look up", "Don’t look up"),
    ("dont look up", "Don't look up"),
    ("équipe", "Dans l'équipe"),
    ("l’équipe", "L'EQUIPE 21"),
    ("rock'n'roll", "Rock’n’Roll!"),
    # hashtags
    ("#formula1", "Formula 1 in the rain"),
    ("#formula1", "the start #Formula1"),
    ("formula 1", "the start #formula1"),
    ("formula1", "the start #Formula1"),
    ("formula 1", "Formula-1"),
    ("#BlackCat", "My black cat"),
    ("black cat", "Look #BlackCat"),
    ("#shorts", "wow #shorts #fyp"),
    ("news", "wow#news"),
    # signs that belong to the word
    ("c++", "Learn C++ in an hour"),
    ("c#", "C# for beginners"),
    ("F♯", "Scales: F#, G"),
    (".net", ".NET 9 is here"),
    ("AT&T", "The AT&T story"),
    ("iphone", "iPhone™ review"),
    # letters with and without accents, other ways to write the same letters
    ("cafe", "Café"),
    ("café", "CAFE"),
    ("cafe", "Cafe\u0301 open"),
    ("sao paulo", "São Paulo"),
    ("strasse", "Große Straße"),
    ("øre", "Ore"),
    ("lodz", "Łódź"),
    ("istanbul", "İSTANBUL"),
    ("isparta", "Isparta, ısparta"),
    ("ёлка", "Новогодняя елка"),
    ("σίσυφος", "ΣΙΣΥΦΟΣ"),
    ("tiếng việt", "Tieng Viet"),
    ("ｎｅｗｓ", "news"),
    ("hello", "𝓗𝓮𝓵𝓵𝓸 𝔀𝓸𝓻𝓵𝓭"),
    ("2024", "أخبار ٢٠٢٤"),
    ("soft hyphen", "soft hy\u00adphen"),
    # right to left, vowel points, joiners
    ("أخبار", "أَخْبَار الصباح"),
    ("اخبار", "أخبار الصباح"),
    ("שלום", "שָׁלוֹם עולם"),
    ("نمی‌خواهم", "نمیخواهم"),
    # scripts of India: the signs are part of the letters
    ("हिन्दी", "हिन्दी समाचार"),
    ("समाचार", "आज के समाचार।"),
    ("தமிழ்", "தமிழ் செய்திகள்"),
    # scripts without spaces
    ("東京", "今日の東京タワー"),
    ("タワー", "東京ﾀﾜｰの夜"),
    ("新闻", "新闻联播2026"),
    ("第3話", "アニメ第3話「夜」"),
    ("iphone レビュー", "iPhone15とiPhone 16のレビュー"),
    ("bts 直播", "BTS直播中"),
    ("𠮷野家", "今日も𠮷野家の前で"),
    ("ข่าว", "ฟังข่าวเช้า"),
    ("ນ້ຳ", "ດື່ມນ້ຳ"),
    ("ព័ត៌មាន", "មើលព័ត៌មានថ្មី"),
    ("သတင်း", "မနက်သတင်းများ"),
    # Korean: particles follow the word
    ("뉴스", "오늘의 뉴스를 봅니다"),
    ("뉴스", "MBC뉴스"),
    ("방탄소년단", "BTS방탄소년단의 무대"),
    ("서울 날씨", "서울의 날씨는 맑음"),
    ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국은 지금"),
    # emoji
    ("🔥", "so hot🔥🔥"),
    ("❤️", "with ❤ from me"),
    ("👍", "thanks 👍🏽"),
    ("🇺🇦", "🇺🇦🇪🇺"),
    ("👩‍👩‍👧", "we: 👩‍👩‍👧!"),
    # operators
    ("boating|sailing", "Sailing home"),
    ("boating | sailing -fishing", "Boating day"),
    ('cat -"hot dog"', "A cat and a dog"),
]


@pytest.mark.parametrize(("term", "title"), MATCHES)
def test_a_title_that_holds_the_term_matches(term: str, title: str) -> None:
    assert match(term, video(title)) is Place.TITLE


MISSES = [
    ("art", "party"),
    ("cat", "cats"),
    ("cat", "concat, catnip"),
    ("live music", "live news"),
    ('"late night"', "night, late"),
    ('"late night"', "late at night"),
    ("iphone", "iPhone15"),
    ("formula 1", "Formula 12"),
    ("f1", "f12"),
    ("новост", "новости"),
    ("हिन्द", "हिन्दी"),
    ("க", "கி"),
    ("کتاب", "کتابخانه"),
    ("3話", "第13話"),
    ("京大", "東京-大阪"),
    ("ที", "วันที่"),  # another word: the tone mark belongs to the letter
    ("ส", "สู้"),
    ("ក", "ក្រ"),
    ("រ", "ក្រ"),
    ("뉴스", "아침뉴스"),
    ("가수", "국가수호"),
    ("🇺🇸", "🇺🇦"),
    ("🔥", "fire"),
    ("c++", "c"),
    ("instagram", "Follow https://www.instagram.com/us"),
    ("boating|sailing -fishing", "Sailing and fishing"),
    ("boating sailing|rowing", "Boating"),
    ('cat -"hot dog"', "A cat, a hot dog"),
    ("-cat", "A dog"),
    ("-cat", "A cat"),
    ("&", "Tom & Jerry"),
    ("", "anything"),
    ("东京", "東京"),
]


@pytest.mark.parametrize(("term", "title"), MISSES)
def test_a_title_without_the_term_does_not_match(term: str, title: str) -> None:
    assert match(term, video(title)) is None


@pytest.mark.parametrize(
    ("found", "place"),
    [
        (video("live music", "live music"), Place.TITLE),
        (video("-", "live music", channel="live music"), Place.DESCRIPTION),
        (video("-", "-", ("live music",), channel="Live Music"), Place.TAGS),
        (video("-", "-", channel="Live Music"), Place.CHANNEL),
        (video("music", "live"), Place.DESCRIPTION),
        (video("-", "-", ("live", "music")), Place.TAGS),
        (video("music", "#livemusic", channel="live"), Place.CHANNEL),
    ],
)
def test_the_reason_is_the_place_that_completes_the_term(found: Video, place: Place) -> None:
    assert match("live music", found) is place


def test_a_phrase_does_not_run_from_one_tag_into_the_next() -> None:
    assert match('"live music"', video(tags=("live", "music"))) is None


def test_a_video_is_attributed_to_each_term_it_holds() -> None:
    found = attribute(["music", "news", "東京"], video("Music", "news", ("東京駅",)))
    assert found == {"music": Place.TITLE, "news": Place.DESCRIPTION, "東京": Place.TAGS}


def test_a_video_without_tags_is_read() -> None:
    assert match("news", Video(**{**_fields(video("News")), "tags": None})) is Place.TITLE  # type: ignore[arg-type] # its own fields


def _fields(of: Video) -> dict[str, object]:
    return {name: getattr(of, name) for name in of.__slots__}


# Letters of scripts with spaces, and characters that end words.
LETTERS = st.sampled_from("abcdexyzäéñßøжёйщαβσςωאבגاबीत2१")
WORDS = st.text(LETTERS, min_size=1, max_size=6).filter(lambda word: word[0] != "ी")
SEPARATORS = st.sampled_from([" ", ", ", " – ", "! ", "\n", " / ", " (", '" ', "。", "🔥", " & "])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NORMAL_FORMS = st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"])


@given(term=WORDS, before=TEXTS, after=TEXTS, left=SEPARATORS, right=SEPARATORS)
def test_a_word_between_other_words_is_found(
    term: str, before: str, after: str, left: str, right: str
) -> None:
    before, after = before.replace("://", ""), after.replace("://", "")
    assert match(term, video(f"{before}{left}{term}{right}{after}")) is Place.TITLE


@given(words=st.lists(WORDS, min_size=2, max_size=4), gap=SEPARATORS)
def test_words_are_found_in_any_order_and_phrases_in_theirs(words: list[str], gap: str) -> None:
    assume("🔥" not in gap)
    assert match(" ".join(words), video(gap.join(reversed(words)))) is Place.TITLE
    assert match(f'"{" ".join(words)}"', video(gap.join(words))) is Place.TITLE


@given(term=WORDS, before=st.text(LETTERS, max_size=3), after=st.text(LETTERS, max_size=3))
def test_a_word_inside_a_longer_one_is_not_found(term: str, before: str, after: str) -> None:
    assume(before + after)
    longer = before + term + after
    assume(match(longer, video(term)) is None)  # ΐ in all its forms is one letter
    assert match(term, video(f"so {longer} it is")) is None


@given(term=WORDS, text=TEXTS, form=NORMAL_FORMS, other=NORMAL_FORMS)
@example(term="가", text="가", form="NFD", other="NFC")
def test_unicode_forms_do_not_change_a_match(term: str, text: str, form: str, other: str) -> None:
    for title in (text, f"{text} {term} {text}"):
        rewritten = unicodedata.normalize(other, title)  # type: ignore[arg-type] # one of four
        as_typed = unicodedata.normalize(form, term)  # type: ignore[arg-type]  # any str
        assert match(as_typed, video(rewritten)) == match(term, video(title))


@given(term=WORDS, text=st.lists(WORDS, max_size=5))
def test_case_does_not_change_a_match(term: str, text: list[str]) -> None:
    for title in (" ".join(text), " ".join([*text, term])):
        expected = match(term, video(title))
        for changed in (str.upper, str.lower, str.casefold, str.title):
            assert match(term, video(changed(title))) == expected
            assert match(changed(term), video(title)) == expected


@given(term=TEXTS, title=TEXTS, description=TEXTS)
def test_words_around_do_not_take_a_match_away(term: str, title: str, description: str) -> None:
    assume("-" not in term)
    if match(term, video(title)) is not None:
        around = title.join(["some words ", " and more"])
        assert match(term, video(around, description)) is Place.TITLE


@given(term=TEXTS, title=TEXTS)
def test_any_text_is_read_without_an_error(term: str, title: str) -> None:
    assert match(term, video(title, title, (title,), title)) in (None, *Place)
