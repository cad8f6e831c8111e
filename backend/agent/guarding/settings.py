"""What may leave for a model."""

from pydantic import BaseModel, field_validator

from backend.agent.guarding.mask_kinds import MaskKind


class MaskingSettings(BaseModel):
    """Stand-ins for names and addresses on their way to a model, undone in its answer and in its tool calls."""

    enabled: bool = False
    """Off by default: a model reasons a little worse over stand-ins than over telling names."""
    kinds: str = "ip,host,email,phone"
    """What is replaced."""
    host_names: str = ""
    """Host names without a domain that are replaced too, such as `db-prod-*`; nothing else tells them from words."""
    public_domains: str = ""
    """Domains, besides those of well-known projects and registries, whose names stay readable."""

    @field_validator("kinds")
    @classmethod
    def _check_kinds(cls, text: str) -> str:
        unknown = sorted(set(split_list(text)) - set(MaskKind))
        if unknown:
            raise ValueError(f"MASKING_KINDS knows {', '.join(MaskKind)}, not {', '.join(unknown)}")
        return text


def split_list(text: str) -> tuple[str, ...]:
    """The entries between commas."""
    return tuple(dict.fromkeys(entry.strip().lower() for entry in text.split(",") if entry.strip()))
