"""Fetching the directory: pin newcomers, follow key sets, and say loudly what is refused."""

from adapters.desk.ask import CLOCKS
from adapters.errors import Untrusted
from adapters.logs import log
from adapters.work import Work
from broker.protocol.frame import Directory, DirectoryAnswer, Verb
from keys import strict_json


async def refresh(work: Work, agency: str | None = None) -> None:
    """Fetch every agency, or one. What is refused stays as pinned. Raises HubProblem or Unreachable."""
    answer = await work.hub.ask(Verb.DIRECTORY, Directory(agency=agency), DirectoryAnswer)
    for entry in answer.agencies:
        if entry.agency == work.folder.me:
            continue
        try:
            if await work.folder.directory.take(entry, at=work.now()):
                log.info("pinned", agency=entry.agency)
        except Untrusted as error:
            log.error("directory-refused", agency=entry.agency, code=error.code)
    clocks = {rating.value: seconds for rating, seconds in answer.clocks.items()}
    if clocks:
        await work.folder.journal.run("put_setting", name=CLOCKS, value=strict_json.dump(clocks).decode())
