"""Other agencies: pinned at first sight, their key sets followed link by link, sealed to only once confirmed.

Promises: an identity key never changes here but by a person, who has heard the new one's fingerprint or has
the old one forgotten; a key set is taken only if the pinned identity signed it and it follows the one before,
and no sealing key is given out for an agency whose fingerprint no person here has confirmed, or of which the
hub shows now what cannot be believed. So a sealing key that the hub has put in another's place is refused, or
is heard to be wrong on the telephone.
"""

import sqlite3
from dataclasses import replace
from typing import Final

from adapters.errors import Untrusted, WrongOrder
from adapters.journal.journal import Journal, execute, fetch
from adapters.pinned import IDENTITY_CHANGED, Pinned, identity_changed, identity_of, verify_entry
from adapters.problem import Failure
from broker.protocol.frame import DirectoryEntry
from keys import keyset

FORGOTTEN: Final = "forgotten"
"""Why a pin is in force no more: a person has found it false."""
CONFIRMED_ANEW: Final = "confirmed-anew"
"""Why a pin is in force no more: a person has heard the fingerprint of the identity that took its place."""


class Directory:
    """The pinned agencies, read from the journal and parsed once per change."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._parsed: dict[str, tuple[str, Pinned]] = {}

    def find(self, agency: str) -> Pinned | None:
        """One pinned agency, or None when it was never seen."""
        row = self._journal.row("get_pin", agency=agency)
        if row is None:
            return None
        known = self._parsed.get(agency)
        mark = f"{row['confirmed_at']}:{row['doubt']}:{row['entry']}:{row['changed']}"
        if known is None or known[0] != mark:
            entry = DirectoryEntry.model_validate_json(row["entry"])
            pinned = verify_entry(entry, before=None, confirmed_at=row["confirmed_at"])
            doubt = None if row["doubt"] is None else Failure.model_validate_json(row["doubt"])
            changed = None if row["changed"] is None else identity_of(row["changed"])
            known = (mark, replace(pinned, doubt=doubt, changed=changed))
            self._parsed[agency] = known
        return known[1]

    def get(self, agency: str) -> Pinned:
        """One pinned agency. Raises WrongOrder, `unknown-agency`."""
        pinned = self.find(agency)
        if pinned is None:
            raise WrongOrder(
                "unknown-agency",
                f"{agency} is not in the directory as last fetched: check the name, and that "
                "gatehouse-adapter run is running.",
            )
        return pinned

    def all(self) -> tuple[Pinned, ...]:
        """Every pinned agency, by id."""
        return tuple(self.get(row["agency"]) for row in self._journal.rows("all_pins"))

    def former(self, agency: str) -> tuple[Pinned, ...]:
        """The agency's pins that are in force no more, newest first: what they signed is proved with them."""
        return tuple(
            verify_entry(
                DirectoryEntry.model_validate_json(row["entry"]),
                before=None,
                confirmed_at=row["confirmed_at"],
            )
            for row in self._journal.rows("former_pins", agency=agency)
        )

    async def take(self, entry: DirectoryEntry, *, at: int) -> bool:
        """Pin a new agency, or follow a known one; whether anything was new.

        Raises:
            Untrusted: `identity-changed` or `key-set-refused`; what was pinned stays as it was, and until the
            hub shows it again, or a person here has confirmed the changed identity, nothing more is sealed to
            this agency.
        """
        before = self.find(entry.agency)
        known = self.former(entry.agency) if before is None else (before,)
        # A revocation seen once holds: a shorter list shown later would bring a stolen key back.
        held = {kid for pin in known for kid in pin.entry.revoked}
        if held:
            entry = entry.model_copy(update={"revoked": sorted({*entry.revoked, *held})})
        if before is not None and before.entry == entry:
            await self._believe(before)
            return False
        try:
            # An identity that was forgotten and is shown again goes on from the key sets it had.
            same = next((pin for pin in known if pin.entry.identity == entry.identity), None)
            pinned = verify_entry(entry, before=before or same, confirmed_at=None)
            changed = await self._journal.run(
                "put_pin",
                agency=entry.agency,
                identity=pinned.identity.kid,
                entry=entry.dump().decode(),
                at=at,
            )
            if not changed:
                raise identity_changed(entry.agency)
        except Untrusted as error:
            if before is not None:
                await self._doubt(before, entry, error, at=at)
            raise
        if before is not None:
            await self._believe(before)
        return True

    async def _doubt(self, before: Pinned, entry: DirectoryEntry, error: Untrusted, *, at: int) -> None:
        """Keep why an entry was refused, and the identity it shows if that is one that could be confirmed."""
        agency = entry.agency
        # What is revoked or stopped is believed of whatever is shown: it only ever takes away.
        held = before.entry.model_copy(update={"revoked": entry.revoked, "active": entry.active})
        could_be = error.code == IDENTITY_CHANGED
        try:
            verify_entry(entry, before=None, confirmed_at=None)
        except Untrusted:
            could_be = False
        failure = Failure(code=error.code, message=error.message)

        def doubt(db: sqlite3.Connection) -> None:
            execute(db, "put_setting", name=_doubt(agency), value=failure.dump().decode())
            identity = before.identity.kid
            execute(db, "put_pin", agency=agency, identity=identity, entry=held.dump().decode(), at=at)
            if could_be:
                execute(db, "put_changed_identity", agency=agency, entry=entry.dump().decode(), at=at)

        await self._journal.write(doubt)

    async def _believe(self, pinned: Pinned) -> None:
        if pinned.doubt is not None or pinned.changed is not None:
            agency = pinned.entry.agency
            await self._journal.write(lambda db: _settle(db, agency))

    async def confirm(self, agency: str, fingerprint: str, *, at: int) -> bool:
        """A person here has heard these digits from the agency itself; whether a changed identity took the
        place of the one pinned before.

        Raises:
            WrongOrder: `unknown-agency`.
            Untrusted: `identity-changed`: the digits are of the identity pinned before, and the hub shows
            another.
            keys.errors.BadKey: `fingerprint-mismatch`.
        """
        pinned = self.get(agency)
        if pinned.changed is None:
            keyset.verify_fingerprint(fingerprint, pinned.identity)
            await self._journal.run("confirm_pin", agency=agency, identity=pinned.identity.kid, at=at)
            return False
        if keyset.is_fingerprint(fingerprint, pinned.identity):
            raise Untrusted(
                IDENTITY_CHANGED,
                f"Those are the digits confirmed here before: {agency} has not enrolled again, and the key "
                "that the hub shows for it is false. Nothing is sealed to it; tell the hub's administrator.",
            )
        keyset.verify_fingerprint(fingerprint, pinned.changed)
        changed = pinned.changed

        def believe(db: sqlite3.Connection) -> None:
            row = fetch(db, "get_pin", agency=agency)
            if row is None or row["changed"] is None or identity_of(row["changed"]).raw != changed.raw:
                raise identity_changed(agency)
            execute(db, "end_pin", agency=agency, why=CONFIRMED_ANEW, at=at)
            execute(db, "drop_pin", agency=agency)
            execute(db, "put_pin", agency=agency, identity=changed.kid, entry=row["changed"], at=at)
            execute(db, "confirm_pin", agency=agency, identity=changed.kid, at=at)
            _settle(db, agency)

        await self._journal.write(believe)
        return True

    async def forget(self, agency: str, *, at: int) -> Pinned:
        """A person here has found the identity pinned false; give the pin. What it signed is still proved
        with it; the next sight pins anew, and nobody has confirmed that.

        Raises:
            WrongOrder: `unknown-agency`.
        """
        pinned = self.get(agency)

        def drop(db: sqlite3.Connection) -> None:
            row = fetch(db, "get_pin", agency=agency)
            if row is None or identity_of(row["entry"]).raw != pinned.identity.raw:
                raise WrongOrder("unknown-agency", f"{agency} was pinned anew meanwhile: look again.")
            execute(db, "end_pin", agency=agency, why=FORGOTTEN, at=at)
            execute(db, "drop_pin", agency=agency)
            _settle(db, agency)

        await self._journal.write(drop)
        return pinned


def _settle(db: sqlite3.Connection, agency: str) -> None:
    execute(db, "drop_setting", name=_doubt(agency))
    execute(db, "drop_changed_identity", agency=agency)


def _doubt(agency: str) -> str:
    return f"doubt:{agency}"
