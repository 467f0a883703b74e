"""Who is calling: the token and metadata services, and whether calls must bear a token.

In: a signed assertion, as a service account makes it, or a question to the metadata server, as
workload identity asks it. Out: a made-up access token that lives for an hour.
"""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs

from tests.gcs.messages import Answer, Refused, Request, json_answer

_METADATA = "/computeMetadata/v1/"
_ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Identity:
    """Gives out tokens and remembers them."""

    def __init__(self) -> None:
        self.required = False
        self._given: set[str] = set()

    def answers(self, request: Request) -> bool:
        """Whether this is a question for an identity service."""
        return request.raw_path == "/token" or request.raw_path.startswith("/computeMetadata")

    def answer(self, request: Request) -> Answer:
        """Give a token, or what the metadata server says of the machine."""
        if request.raw_path == "/token":
            form = parse_qs(request.body.decode())
            if form.get("grant_type") != [_ASSERTION] or not form.get("assertion"):
                raise Refused(400, "Not an assertion of a service account")
            return self._token()
        found = self._metadata(request)
        found.headers |= {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}
        return found

    def check(self, request: Request) -> None:
        """Refuse a call that bears no token, where one is required."""
        token = (request.header("authorization") or "").removeprefix("Bearer ")
        # A service account may sign for itself: such a token has a signature instead of our mark.
        if self.required and token not in self._given and token.count(".") != 2:
            raise Refused(401, "Invalid Credentials")

    def _metadata(self, request: Request) -> Answer:
        if request.header("metadata-flavor") != "Google":
            raise Refused(403, "Missing Metadata-Flavor:Google header.")
        name = request.raw_path.removeprefix(_METADATA)
        if name.endswith("/token"):
            return self._token()
        if name.startswith("instance/service-accounts") and "recursive" in request.query:
            email = "batch@stand-in.iam.gserviceaccount.com"
            return json_answer({"email": email, "scopes": ["cloud-platform"], "aliases": []})
        texts = {"project/project-id": "stand-in", "universe/universe-domain": "googleapis.com"}
        return Answer(200, texts.get(name, "").encode(), {"Content-Type": "application/text"})

    def _token(self) -> Answer:
        token = f"stand-in-{secrets.token_urlsafe(16)}"
        self._given.add(token)
        return json_answer({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})
