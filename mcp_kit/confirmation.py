"""Asking a person before a change, through the client, in both protocol eras; without an answer nothing runs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mcp.server.elicitation import render_elicitation_schema
from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from pydantic import BaseModel, Field, create_model

REMEMBER_KEY = "x-remember-key"
"""Beside the field of the answer: a client may take one yes for everything under this key in the session."""

PREVIEW = "x-preview"
"""Beside the field of the answer as well: what the change would do, as JSON with a `kind`."""

# Since this revision a server never calls the client: a question is part of the result of the call.
_QUESTIONS_IN_RESULTS_SINCE = "2026-07-28"

_ANSWER = "confirm"
_BINDING = "binding"


class Confirmation(BaseModel):
    """The answer to one exact change."""

    confirm: bool = Field(description="true carries out exactly this change, false leaves everything as it is")


class Decision(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"
    NEEDS_APPROVAL = "needs_approval"


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked about one exact change, and the same for programs."""

    text: str
    preview: dict[str, Any]  # Any: JSON
    remember_key: str | None = None


def can_ask(context: Context[Any, Any]) -> bool:  # Any: the lifespan state does not matter here
    """Whether this very request can reach a person with a form."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    return _asks_in_results(context) or bool(context.session.can_send_request)


def ask(
    context: Context[Any, Any],  # Any: the lifespan state does not matter here
    *,
    question: str,
    remember_key: str | None = None,
    preview: dict[str, Any] | None = None,  # Any: JSON
) -> Elicit[Confirmation] | None:
    """The question as the SDK sends it, or None when nobody can be asked.

    `remember_key` names what is safe to approve for the rest of a session, such as one direction of one change.
    `preview` is what the change would do, for clients that show more than text. It must come out the same when the
    call is repeated with the answer, or the question is asked anew.
    """
    extra = {REMEMBER_KEY: remember_key, PREVIEW: preview}
    given = {key: value for key, value in extra.items() if value is not None}
    return Elicit(question, _with_extra(given) if given else Confirmation) if can_ask(context) else None


def _with_extra(extra: dict[str, Any]) -> type[Confirmation]:  # Any: JSON
    # At the field, since the current protocol revision drops unknown keys of the form itself.
    field = Field(description=Confirmation.model_fields["confirm"].description, json_schema_extra=extra)
    return create_model("Confirmation", __base__=Confirmation, confirm=(bool, field))


def decide(answer: ElicitationResult[Confirmation], *, allow_unconfirmed: bool) -> Decision:
    """What the answer permits. Only an explicit yes, or the operator's standing permission, approves."""
    if not isinstance(answer, AcceptedElicitation):
        return Decision.DECLINED
    # The type promises a confirmation; a resolver that could not ask leaves None there.
    confirmation: Confirmation | None = answer.data
    if confirmation is None:
        return Decision.APPROVED if allow_unconfirmed else Decision.NEEDS_APPROVAL
    return Decision.APPROVED if confirmation.confirm is True else Decision.DECLINED


async def confirm(
    context: Context[Any, Any],  # Any: the lifespan state does not matter here
    *,
    binding: str,
    question: Callable[[], Awaitable[Question]],
    allow_unconfirmed: bool,
) -> Decision | InputRequiredResult:
    """The person's decision about a change of exactly what `binding` stands for, or the question the call ends with.

    For previews with facts that age, such as how many pods are ready: an answer counts as long as the binding is the
    same, while `ask` wants every word of the question to be. The binding travels in the sealed request state, so an
    answer outlives this process. When it differs, what was approved is no longer there, and the question is asked
    anew. `question` is called only when there is none to go on from; what it raises ends the call, and nobody is asked.
    """
    answer = _find_answer(context, binding=binding)
    if answer is not None:
        return answer
    asked = await question()
    if not can_ask(context):
        return Decision.APPROVED if allow_unconfirmed else Decision.NEEDS_APPROVAL
    extra = {REMEMBER_KEY: asked.remember_key, PREVIEW: asked.preview}
    form = _with_extra({key: value for key, value in extra.items() if value is not None})
    if not _asks_in_results(context):
        try:
            return decide(await context.elicit(asked.text, form), allow_unconfirmed=False)
        except ValueError:
            # An accepted form that is empty or filled in wrongly is no yes.
            return Decision.DECLINED
    request = ElicitRequestFormParams(message=asked.text, requested_schema=render_elicitation_schema(form))
    return InputRequiredResult(
        input_requests={_ANSWER: ElicitRequest(params=request)}, request_state=json.dumps({_BINDING: binding})
    )


def _find_answer(context: Context[Any, Any], *, binding: str) -> Decision | None:  # Any: as above
    """The answer this call brings to a question about the same binding."""
    answer = (context.input_responses or {}).get(_ANSWER)
    if not _asks_in_results(context) or not isinstance(answer, ElicitResult):
        return None
    if _read_binding(context.request_state) != binding:
        return None
    is_yes = answer.action == "accept" and (answer.content or {}).get("confirm") is True
    return Decision.APPROVED if is_yes else Decision.DECLINED


def _read_binding(state: str | None) -> str | None:
    # The state was sealed by this server; another form of it comes from another release, and nothing is approved.
    try:
        content = json.loads(state or "null")
    except ValueError:
        return None
    return content.get(_BINDING) if isinstance(content, dict) else None


def _asks_in_results(context: Context[Any, Any]) -> bool:  # Any: as above
    version = context.protocol_version
    return version is not None and version >= _QUESTIONS_IN_RESULTS_SINCE
