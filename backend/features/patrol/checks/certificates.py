"""Certificates that expire."""

import shlex

from backend.features.patrol.checks.view import HostView, conclude, could_not_look
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading
from backend.vocabulary.language import Text
from host_facts.domain import CertificateFacts

CERTIFICATE_EXPIRY = "certificate-expiry"


def find_expiring_certificates(view: HostView) -> CheckResult:
    """One reading per certificate, by the days it has left."""
    certificates = view.facts.certificates
    if certificates is None:
        return could_not_look(CERTIFICATE_EXPIRY, view.facts, part="certificates")
    readings = (_judge(certificate, view=view) for certificate in certificates)
    return conclude(CERTIFICATE_EXPIRY, view.facts, part="certificates", readings=readings)


def _judge(certificate: CertificateFacts, *, view: HostView) -> Reading:
    days = (certificate.expires_at - view.now).total_seconds() / 86400
    day = certificate.expires_at.strftime("%Y-%m-%d")
    path = certificate.path
    if days <= 0:
        title = Text(en=f"{path} expired on {day}", zh=f"{path} 已于 {day} 过期")
    else:
        title = Text(en=f"{path} expires in {days:.0f} days ({day})", zh=f"{path} 将在 {days:.0f} 天后过期（{day}）")
    return Reading(
        check=CERTIFICATE_EXPIRY,
        subject=path,
        grade=_grade(days, view=view),
        title=title,
        cause=Text(
            en="It was not renewed, or the renewed one was not put into place; clients refuse an expired certificate.",
            zh="证书未续期，或续期后未部署；客户端会拒绝过期证书。",
        ),
        fixes=(
            Fix(
                Text(en="Read the certificate.", zh="查看证书内容。"),
                f"openssl x509 -noout -subject -issuer -enddate -in {shlex.quote(path)}",
            ),
            Fix(
                Text(
                    en="Renew it where it comes from, then reload the services that use it.",
                    zh="续期后重新加载使用它的服务。",
                )
            ),
        ),
        evidence=(certificate.subject,) if certificate.subject else (),
        value=days,
    )


def _grade(days: float, *, view: HostView) -> Grade:
    """Days only become fewer, so a renewed certificate is clear at once and there is no strip between."""
    if days <= view.settings.certificate_critical_days:
        return Grade.CRITICAL
    return Grade.WARNING if days <= view.settings.certificate_warning_days else Grade.CLEAR
