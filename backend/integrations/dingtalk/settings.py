"""Which DingTalk robots take messages."""

from pydantic import SecretStr

from backend.features.notifications.addresses import ChannelSettings
from backend.vocabulary.severity import Severity


class DingTalkSettings(ChannelSettings):
    """Custom robots of groups. All are secrets: who has the address can post."""

    webhook_url: SecretStr | None = None
    """Address of the robot, `https://oapi.dingtalk.com/robot/send?access_token=…`."""
    webhook_urls: SecretStr | None = None
    """Further robots, separated by commas; each takes over when those before it are limited or fail."""
    secret: SecretStr | None = None
    """The signing secret, `SEC…`; with several robots one each, separated by commas in the same order."""
    keyword: str | None = None
    """The keyword that the robot asks for; without one, alerts hold 告警 and reports 日报 in their titles."""
    min_severity: Severity = Severity.WARNING
    """The mildest alerts that are sent."""
