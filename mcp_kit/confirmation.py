"""Asking a person before a change, through the client, in both protocol eras; without an answer nothing runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult
from pydantic import BaseModel, Field, create_model

REMEMBER_KEY = "x-remember-key"
"""Beside the field of the answer: a client may take one yes for everything under this key in the session."""

PREVIEW = "x-preview"
"""Beside the field of the answer as well: what the change would do, as JSON with a `kind`."""

# Since this revision a server never calls the client: a question is part of the result of the call.
_QUESTIONS_IN_RESULTS_SINCE = "2026-07-28"


class Confirmation(BaseModel):
    """The answer to one exact change."""

    confirm: bool = Field(description="true carries out exactly this change, false leaves everything as it is")


class Decision(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"
    NEEDS_APPROVAL = "needs_approval"


def can_ask(context: Context[Any, Any]) -> bool:  # Any: the lifespan state does not matter here
    """Whether this very request can reach a person with a form."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    version = context.protocol_version
    if version is not None and version >= _QUESTIONS_IN_RESULTS_SINCE:
        return True
    return bool(context.session.can_send_request)


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
