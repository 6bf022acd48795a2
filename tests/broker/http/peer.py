"""An adapter's hand in these tests: enrols, gets access tokens, posts and connects, over real sockets.

It keeps no journal and proves nothing to itself: `tests/adapters` tests the real adapter.
"""

import asyncio
import hashlib
import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from broker.protocol.act import AgencyAddition, typ_of
from broker.protocol.wire import Wire
from keys import base64url, dpop, jws, sealing, strict_json
from keys.keyset import KeySet, SealingUse, sign_key_set
from keys.sealing import Binding
from keys.signing import SigningKey
from tests.broker.exchange.desk import Desk, new_jti

CODE = "TESTS-ENROL-CODE2-GOODX"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Answer:
    """What came back: status, headers, and the JSON object if it was one."""

    status: int
    headers: Any
    data: bytes

    @property
    def body(self) -> dict[str, Any]:
        value = strict_json.parse(self.data)
        assert isinstance(value, dict)
        return value

    @property
    def reason(self) -> str:
        return str(self.body.get("reason"))


@dataclass
class Line:
    """A live connection with frames kept as they come; what the hub asks is put aside for the test."""

    socket: aiohttp.ClientWebSocketResponse
    asked: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    stray: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    _waiting: dict[str, "asyncio.Future[dict[str, Any]]"] = field(default_factory=dict)
    _numbers: Any = field(default_factory=itertools.count)
    reader: "asyncio.Task[None] | None" = None
    closed: "asyncio.Future[int | None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    async def read(self) -> None:
        """Sort frames until the connection ends."""
        while True:
            message = await self.socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                self.closed.set_result(self.socket.close_code)
                return
            frame: Any = strict_json.parse(message.data.encode(), limit=1 << 24)
            if "verb" in frame:
                self.asked.put_nowait(frame)
            elif frame["re"] in self._waiting:
                self._waiting.pop(frame["re"]).set_result(frame)
            else:
                self.stray.put_nowait(frame)

    async def end(self) -> None:
        """Close from this side."""
        if self.reader is not None:
            self.reader.cancel()
            await asyncio.gather(self.reader, return_exceptions=True)
        await self.socket.close()

    async def ask(self, verb: str, body: dict[str, Any] | Wire, *, seen: int | None = None) -> dict[str, Any]:
        """Ask the hub; its answering frame."""
        name = f"t{next(self._numbers)}"
        value = strict_json.parse(body.dump(), limit=1 << 24) if isinstance(body, Wire) else body
        frame: dict[str, Any] = {"id": name, "verb": verb, "body": value}
        if seen is not None:
            frame["seen"] = seen
        waiting = self._waiting[name] = asyncio.get_running_loop().create_future()
        await self.socket.send_str(strict_json.dump(frame).decode())
        return await asyncio.wait_for(waiting, 20)

    async def handed(self) -> dict[str, Any]:
        """The next handover, taken into the journal as far as the hub can tell."""
        while True:
            frame = await asyncio.wait_for(self.asked.get(), 20)
            if frame["verb"] == "handover":
                taken = {"re": frame["id"], "ok": {"envelope": frame["body"]["envelope"]}}
                await self.socket.send_str(strict_json.dump(taken).decode())
                body: dict[str, Any] = frame["body"]
                return body

    async def hint(self) -> dict[str, Any]:
        """The next `changed`."""
        while True:
            frame = await asyncio.wait_for(self.asked.get(), 20)
            if frame["verb"] == "changed":
                body: dict[str, Any] = frame["body"]
                return body


@dataclass
class Peer:
    """One agency at one hub, over HTTP."""

    desk: Desk
    url: str
    session: aiohttp.ClientSession
    clock: Callable[[], int]
    proof_key: SigningKey = field(default_factory=SigningKey.generate)
    token: str = ""
    code: str = CODE
    lines: list[Line] = field(default_factory=list)

    async def send(
        self,
        method: str,
        path: str,
        *,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        media_type: str = "application/json",
    ) -> Answer:
        """One request as it is."""
        sent = {"Content-Type": media_type, **(headers or {})}
        body = None if data is None else io.BytesIO(data)
        async with self.session.request(method, self.url + path, data=body, headers=sent) as response:
            return Answer(response.status, response.headers, await response.read())

    def proof(self, method: str, path: str, *, access_token: str | None, **fields: Any) -> str:
        """A DPoP proof for a request, or for another one if told so."""
        values: dict[str, Any] = {
            "method": method,
            "url": self.url + path,
            "at": self.clock(),
            "jti": new_jti(),
            "access_token": access_token,
        }
        return dpop.make_proof(fields.pop("key", self.proof_key), **(values | fields))

    def bearing(self, method: str, path: str, **fields: Any) -> dict[str, str]:
        """The headers of an authenticated request."""
        token = fields.pop("token", self.token)
        return {
            "Authorization": f"DPoP {token}",
            "DPoP": self.proof(method, path, **({"access_token": token} | fields)),
        }

    async def post(self, verb: str, body: Wire | bytes) -> Answer:
        """Ask a verb over plain HTTP."""
        path = f"/v1/{verb}"
        data = body if isinstance(body, bytes) else body.dump()
        return await self.send("POST", path, data=data, headers=self.bearing("POST", path))

    def key_set(self, **fields: Any) -> str:
        """This agency's first key set, or one that differs as told."""
        at = self.clock()
        values: dict[str, Any] = {
            "agency": self.desk.agency,
            "version": 1,
            "previous": None,
            "expires": at + 10**7,
            "signing": self.desk.signing.public,
            "sealing": (SealingUse(key=self.desk.sealing.public, seal_until=at + 10**7),),
        }
        return sign_key_set(KeySet(**(values | fields)), self.desk.identity)

    def possession(self, key: SigningKey, **fields: Any) -> str:
        """A possession token, or one that differs as told."""
        digest = base64url.encode(hashlib.sha256(self.code.encode()).digest())
        claims: dict[str, Any] = {
            "hub": self.desk.hub.hub_id,
            "agency": self.desk.agency,
            "code_digest": digest,
        }
        return jws.sign(strict_json.dump(claims | fields), key, "gatehouse-possession+1")

    def offer(self, **fields: Any) -> dict[str, Any]:
        """An enrolment offer, or one that differs as told."""
        values: dict[str, Any] = {
            "code": self.code,
            "agency": self.desk.agency,
            "identity": self.desk.identity.public.jwk(),
            "key_set": self.key_set(),
            "possession": [self.possession(self.desk.identity), self.possession(self.desk.signing)],
        }
        return values | fields

    async def make_offer(self, **fields: Any) -> Answer:
        """POST an offer."""
        return await self.send("POST", "/v1/enrolments", data=strict_json.dump(self.offer(**fields)))

    def completion(self, challenges: dict[str, Any]) -> dict[str, Any]:
        """The completion that answers these challenges."""
        hub, agency = self.desk.hub.hub_id, self.desk.agency
        binding = Binding(
            hub_id=hub, exchange="enrolment", jti=agency, kind="challenge", sender=hub, recipient=agency
        )
        answers = [
            {
                "kid": each["kid"],
                "nonce": base64url.encode(
                    sealing.open_sealed(each["sealed"].encode(), self.desk.sealing, binding)
                ),
            }
            for each in challenges["challenges"]
        ]
        return {"code": self.code, "agency": agency, "answers": answers}

    async def complete(self, completion: dict[str, Any]) -> Answer:
        """POST a completion."""
        return await self.send("POST", "/v1/enrolments/complete", data=strict_json.dump(completion))

    async def enrol(self) -> int:
        """Offer and complete; the record's index."""
        offered = await self.make_offer()
        assert offered.status == 201, offered.data
        done = await self.complete(self.completion(offered.body))
        assert done.status == 200, done.data
        return int(done.body["index"])

    def assertion(self, **fields: Any) -> str:
        """A client assertion, or one that differs as told."""
        at, agency = self.clock(), self.desk.agency
        key, typ = fields.pop("key", self.desk.signing), fields.pop("typ", "client-authentication+jwt")
        claims: dict[str, Any] = {
            "iss": agency,
            "sub": agency,
            "aud": self.desk.hub.hub_id,
            "jti": new_jti(),
            "iat": at,
            "exp": at + 120,
        }
        return jws.sign(strict_json.dump(claims | fields), key, typ)

    async def ask_token(
        self, assertion: str | None = None, *, proof: str | None = None, form: bytes | None = None
    ) -> Answer:
        """POST a token request, or one that differs as told."""
        data = (
            form
            or urlencode(
                {
                    "grant_type": "client_credentials",
                    "client_assertion_type": _ASSERTION_TYPE,
                    "client_assertion": assertion or self.assertion(),
                }
            ).encode()
        )
        return await self.send(
            "POST",
            "/v1/token",
            data=data,
            media_type="application/x-www-form-urlencoded",
            headers={"DPoP": proof or self.proof("POST", "/v1/token", access_token=None)},
        )

    async def authenticate(self) -> None:
        """Get an access token and keep it."""
        answer = await self.ask_token()
        assert answer.status == 200, answer.data
        self.token = answer.body["access_token"]

    async def connect(self, credit: int = 8, *, seen: int | None = None) -> Line:
        """Open the live connection."""
        path = "/v1/connection"
        query = f"?credit={credit}" + ("" if seen is None else f"&seen={seen}")
        socket = await self.session.ws_connect(
            self.url + path + query, headers=self.bearing("GET", path), max_msg_size=1 << 24
        )
        line = Line(socket)
        line.reader = asyncio.ensure_future(line.read())
        self.lines.append(line)
        return line


def addition(desk: Desk, administrator: SigningKey, *, at: int, code: str = CODE, ttl: int = 3600) -> str:
    """An administrator's signed invitation of a desk."""
    act = AgencyAddition(
        jti=new_jti(),
        iat=at,
        exp=at + 300,
        hub=desk.hub.hub_id,
        iss="administrator",
        agency=desk.agency,
        name=f"{desk.agency} (invented)",
        sector=desk.sector,
        controllers=[desk.controller],
        duty_contact="duty desk, 01632 960000",
        code_digest=base64url.encode(hashlib.sha256(code.encode()).digest()),
        code_expires=at + ttl,
    )
    return jws.sign(act.model_dump_json().encode(), administrator, typ_of(AgencyAddition))
