"""The home of an embedded server, for the tests that are about the server itself."""

from tests.fixtures.embedded import embedded_home, home, running

__all__ = ["embedded_home", "home", "running"]
