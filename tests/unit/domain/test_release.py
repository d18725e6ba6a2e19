import tomllib

from app.domain.release import VERSION
from tests.processes import PROJECT


def test_the_release_is_that_of_the_project() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
