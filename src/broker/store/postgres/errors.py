"""What the embedded database says when it cannot serve: folders and settings, never contents."""


class DatabaseUnavailable(Exception):
    """The embedded PostgreSQL cannot be started, reached or stopped; `code` is stable, the message one line.

    Codes: `another-owner`, `cannot-drop`, `database-version`, `did-not-stop`, `disk-full`, `no-account`,
    `no-folder`, `no-programs`, `no-socket-folder`, `password-missing`, `start-failed`, `stuck`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
