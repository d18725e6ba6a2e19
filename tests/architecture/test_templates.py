"""What is written into pages stays text, and no form that changes something lacks its token."""

import re
from pathlib import Path

import pytest

from tests.architecture.source_tree import PROJECT, source_files

WEB = PROJECT / "app" / "web"
TEMPLATES = sorted((WEB / "templates").iterdir())
SCRIPTS = sorted((WEB / "static").glob("*.js"))

AS_HTML = re.compile(r"\|\s*safe\b|\bautoescape\b|\bMarkup\b|\bforceescape\b")
RUNS = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")
INLINE = re.compile(r"""\s(?:on[a-z]+|style)\s*=\s*["']|<style|<script(?![^>]*\ssrc=)|\bhx-on""")
POSTS = re.compile(r'<form[^>]*method="post".*?</form>', re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_escapes_all_it_is_given_and_has_nothing_inline(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert AS_HTML.findall(text) == []
    assert INLINE.findall(text) == []


def test_nothing_that_is_shown_is_marked_as_html() -> None:
    marked = [it.path for it in source_files("app") if re.search(r"\bMarkup\b", it.text)]
    assert marked == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_never_takes_text_for_html(path: Path) -> None:
    assert RUNS.findall(path.read_text(encoding="utf-8")) == []


def test_every_form_that_posts_has_the_token() -> None:
    forms = [
        (path.name, form)
        for path in TEMPLATES
        for form in POSTS.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(forms) > 5
    assert [name for name, form in forms if "csrf()" not in form] == []
