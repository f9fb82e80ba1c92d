from __future__ import annotations

from html.parser import HTMLParser

import pytest

from adaptkit.report.html import as_html
from adaptkit.report.notebook import embedded
from tests.helpers.studies import HOSTILE, edge_studies


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", edge_studies())
def test_the_page_is_embedded_as_it_is(name: str) -> None:
    page = as_html(*edge_studies()[name])
    tags = Tags()
    tags.feed(embedded(page, name))
    ((tag, attributes),) = tags.found
    assert tag == "iframe"
    assert attributes["sandbox"] == "allow-same-origin", "no scripts"
    assert attributes["srcdoc"] == page


def test_a_hostile_name_stays_in_its_attribute() -> None:
    tags = Tags()
    tags.feed(embedded("<p>", f'"><script>{HOSTILE}'))
    assert [tag for tag, _ in tags.found] == ["iframe"]
