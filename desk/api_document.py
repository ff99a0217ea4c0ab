"""What the API's document says beyond what FastAPI finds by itself: security, problems, headers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from desk.api_models import Problem
from models.programs import Scope

if TYPE_CHECKING:
    from fastapi import FastAPI

PROBLEM = "application/problem+json"
BASE = "/api/v1"
# code -> (status, title): every problem that the API knows.
PROBLEMS = {
    "not_understood": (422, "The request could not be read"),
    "token_required": (401, "A token is needed"),
    "token_unknown": (401, "The token is not known"),
    "scope_missing": (403, "The token may not do this"),
    "role_missing": (403, "Your role may not do this"),
    "not_found": (404, "There is no such thing"),
    "cursor_unknown": (404, "The cursor fits no list"),
    "method_unknown": (405, "The address does not take that method"),
    "illegal_move": (409, "The ticket or letter cannot go there"),
    "letters_stopped": (409, "All letters are stopped"),
    "not_ahead": (409, "The time is over"),
    "key_used": (409, "The key stands for another step"),
    "length_required": (411, "The request does not say how long it is"),
    "version_changed": (412, "The ticket has changed"),
    "too_large": (413, "The request is too large"),
    "too_many_requests": (429, "Too many requests"),
    "internal": (500, "An error of ours"),
    "unavailable": (503, "The database does not answer"),
}
_ALWAYS = ("not_understood", "token_required", "token_unknown", "scope_missing", "too_many_requests", "unavailable")
_CHALLENGE = {"WWW-Authenticate": {"description": "How to ask (RFC 6750).", "schema": {"type": "string"}}}
_AGAIN = {"Retry-After": {"description": "In how many seconds.", "required": True, "schema": {"type": "integer"}}}
_DESCRIPTION = """\
Tickets for programs: read them, follow their changes, take an agent's steps.

**Tokens.** An admin makes them on the desk's page for tokens, each with the scopes it needs; send one as
`Authorization: Bearer uk_…`. Agents who are signed in at the desk may read too, by their session. A session never takes a step.

**Steps** take an `Idempotency-Key`: the same step with the same key is taken once, and answered the same for 24 hours
(`Idempotency-Replayed: true`). With `If-Match` and a ticket's `version` nothing is done to a ticket that has changed (412).

**Problems** are objects of RFC 9457. `code` is a stable word for programs; `detail` is for people.

**Credentials** that customers send are masked (•) everywhere but in raw bytes and attachments.

**Pace.** A token may ask {per_minute} times a minute of each of the desk's processes; then 429 with `Retry-After`.
"""


def described(
    scope: Scope, operation: str, tag: str, *problems: str, has_tag: bool = False, content: str = ""
) -> dict[str, Any]:
    """What a route's decorator takes to be described whole."""
    is_step = scope is Scope.TICKETS_WRITE
    also = ("too_large", "length_required") if is_step else ("role_missing",)
    responses: dict[int | str, dict[str, Any]] = {}
    for code in dict.fromkeys((*_ALWAYS, *also, *problems)):
        status, title = PROBLEMS[code]
        said = responses.setdefault(status, {"description": "", "content": _content()})
        said["description"] = f"{said['description']}; {title} (`{code}`)".removeprefix("; ")
        if status == 401 or code == "scope_missing":
            said["headers"] = _CHALLENGE
        if code == "too_many_requests":
            said["headers"] = _AGAIN
    good: dict[str, Any] = {"description": "Done." if is_step else "Here it is."}
    if is_step:
        said_so = "The step was taken before, with this key."
        good["headers"] = {"Idempotency-Replayed": {"description": said_so, "schema": {"type": "string"}}}
    if has_tag:
        good["headers"] = {"ETag": {"description": "The ticket's version.", "schema": {"type": "string"}}}
    if content:
        good["content"] = {content: {"schema": {"type": "string", "format": "binary"}}}
    responses[200] = good
    security: list[dict[str, list[str]]] = [{"token": [scope.value]}]
    if not is_step:
        security.append({"session": []})
    return {
        "operation_id": operation,
        "tags": [tag],
        "responses": responses,
        "openapi_extra": {"security": security},
    }


def _content() -> dict[str, Any]:
    return {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or not; none can be null."""
    kinds = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **kinds[0]}


def document(api: FastAPI, cookie: str, per_minute: int) -> dict[str, Any]:
    """The OpenAPI document."""
    found = get_openapi(
        title="uketsuke",
        version="1",
        summary="The desk's tickets for programs",
        description=_DESCRIPTION.format(per_minute=per_minute),
        routes=api.routes,
        servers=[{"url": BASE}],
        tags=[
            {"name": "Tickets", "description": "What the desk knows."},
            {"name": "Mails", "description": "What customers wrote."},
            {"name": "Letters", "description": "What the desk wrote."},
            {"name": "Steps", "description": "What an agent would do."},
            {"name": "Reports", "description": "How well the desk works."},
        ],
    )
    for methods in found["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                parameter["schema"] = _without_null(parameter["schema"])
    components = found.setdefault("components", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] = {**components.get("schemas", {}), **problem.pop("$defs", {}), "Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    scopes = ", ".join(f"`{scope.value}`" for scope in Scope)
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "uk_…", "description": f"Scopes: {scopes}."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "An agent's session at the desk; for reading only, as far as his role goes.",
        },
    }
    return found
