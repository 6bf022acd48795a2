"""The store's one error for people: what is wrong with the database and what to do."""


class StoreUnavailable(Exception):
    """The database cannot be used. `code` is stable; the message names no data."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
