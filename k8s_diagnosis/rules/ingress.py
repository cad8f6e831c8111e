"""Ingresses that lead nowhere."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, object_path, read_map, read_maps, read_text
from k8s_diagnosis.objects.services import service_ports
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.text.names import find_nearest

_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, slots=True)
class _Backend:
    route: str
    service: str
    port: str
    """Number or name."""


def find_ingresses(index: ClusterIndex) -> Iterator[Problem]:
    for ingress in index.all("Ingress"):
        found = _class_missing(index, ingress)
        if found is not None:
            yield found
        yield from _broken_backends(index, ingress)
        yield from _broken_certificates(index, ingress)


def _class_missing(index: ClusterIndex, ingress: JsonObject) -> Problem | None:
    annotations = read_map(ingress, "metadata", "annotations")
    wanted = read_text(ingress, "spec", "ingressClassName") or read_text(annotations, _CLASS_ANNOTATION)
    if not index.is_complete("IngressClass"):
        return None
    existing = index.names("IngressClass", "")
    # The annotation is matched by the controllers themselves, which need no IngressClass for it.
    if wanted in existing or (wanted and not read_text(ingress, "spec", "ingressClassName")):
        return None
    if not wanted and (not existing or any(_is_default(each) for each in index.all("IngressClass"))):
        return None
    path, near = object_path("Ingress", ingress), find_nearest(wanted, among=existing, limit=1)
    shown = ", ".join(existing) or "none"
    en = (
        f"names the IngressClass {wanted}, which does not exist"
        if wanted
        else "names no IngressClass, and none is the default"
    )
    zh = f"使用的 IngressClass {wanted} 不存在" if wanted else "没有指定 IngressClass，且没有默认的"
    return Problem(
        condition="ingress-class-missing",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The Ingress {name_of(ingress)} {en} (there are: {shown}): no controller serves it.",
            f"Ingress {name_of(ingress)} {zh}（现有：{shown}），没有控制器处理它。",
        ),
        evidence=(f"{path}: ingressClassName={wanted or '(not set)'}", f"IngressClasses: {shown}"),
        next_step=Words(
            f"Set spec.ingressClassName{f' to {near[0]}' if near else ''}.",
            f"设置 spec.ingressClassName{f' 为 {near[0]}' if near else ''}。",
        ),
        confidence=0.93,
    )


def _is_default(ingress_class: JsonObject) -> bool:
    return read_text(read_map(ingress_class, "metadata", "annotations"), _DEFAULT_CLASS) == "true"


def _broken_backends(index: ClusterIndex, ingress: JsonObject) -> Iterator[Problem]:
    namespace = namespace_of(ingress)
    seen: set[tuple[str, str]] = set()
    for backend in _list_backends(ingress):
        if (backend.service, backend.port) in seen:
            continue
        seen.add((backend.service, backend.port))
        service = index.find("Service", namespace, backend.service)
        if service is None:
            if index.is_missing("Service", namespace, backend.service):
                yield _service_missing(index, ingress, backend)
        elif not _has_port(service, backend.port):
            yield _port_missing(ingress, backend, service)


def _list_backends(ingress: JsonObject) -> Iterator[_Backend]:
    default = read_map(ingress, "spec", "defaultBackend", "service")
    if default:
        yield _read_backend("default backend", default)
    for rule in read_maps(ingress, "spec", "rules"):
        for path in read_maps(rule, "http", "paths"):
            route = f"{read_text(rule, 'host') or '*'}{read_text(path, 'path') or '/'}"
            service = read_map(path, "backend", "service")
            if service:
                yield _read_backend(route, service)


def _read_backend(route: str, service: JsonObject) -> _Backend:
    port = read_text(service, "port", "number") or read_text(service, "port", "name")
    return _Backend(route, read_text(service, "name"), port)


def _has_port(service: JsonObject, port: str) -> bool:
    names = {read_text(each, "name") for each in read_maps(service, "spec", "ports")}
    is_external = read_text(service, "spec", "type") == "ExternalName"
    return not port or is_external or port in names or (port.isdigit() and int(port) in service_ports(service))


def _service_missing(index: ClusterIndex, ingress: JsonObject, backend: _Backend) -> Problem:
    path, namespace = object_path("Ingress", ingress), namespace_of(ingress)
    existing = index.names("Service", namespace)
    near = find_nearest(backend.service, among=existing, limit=1)
    hint_en, hint_zh = (f" ({near[0]} exists)", f"（存在 {near[0]}）") if near else ("", "")
    return Problem(
        condition="ingress-service-missing",
        object=path,
        detail=backend.service,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The Ingress {name_of(ingress)} sends {backend.route} to the Service {backend.service}, which does not "
            "exist in "
            f"namespace {namespace}{hint_en}.",
            f"Ingress {name_of(ingress)} 把 {backend.route} 转发到 Service {backend.service}，它在命名空间 {namespace} "
            "中不存在"
            f"{hint_zh}。",
        ),
        evidence=(
            f"{path}: backend {backend.service}:{backend.port}",
            f"Services: {', '.join(existing[:8]) or '(none)'}",
        ),
        next_step=Words(
            f"Correct the backend of {path}{f' to {near[0]}' if near else ''}, or create the Service "
            f"{backend.service}.",
            f"改正 {path} 的后端{f'为 {near[0]}' if near else ''}，或创建 Service {backend.service}。",
        ),
        confidence=0.96,
        touches=(f"Service/{namespace}/{backend.service}",),
    )


def _port_missing(ingress: JsonObject, backend: _Backend, service: JsonObject) -> Problem:
    path = object_path("Ingress", ingress)
    offered = ", ".join(
        f"{read_text(each, 'port')}{f' ({name})' if (name := read_text(each, 'name')) else ''}"
        for each in read_maps(service, "spec", "ports")
    )
    return Problem(
        condition="ingress-port-missing",
        object=path,
        detail=f"{backend.service}:{backend.port}",
        severity=Severity.CRITICAL,
        cause=Words(
            f"The Ingress {name_of(ingress)} sends {backend.route} to port {backend.port} of the Service "
            f"{backend.service}, "
            f"which has {offered or 'no ports'}.",
            f"Ingress {name_of(ingress)} 把 {backend.route} 转发到 Service {backend.service} 的端口 {backend.port}，"
            f"而它的端口是 {offered or '（无）'}。",
        ),
        evidence=(f"{path}: backend {backend.service}:{backend.port}", f"Service {backend.service}: ports {offered}"),
        next_step=Words(
            f"Use an existing port of {backend.service} in {path} ({offered}).",
            f"在 {path} 中使用 {backend.service} 已有的端口（{offered}）。",
        ),
        confidence=0.96,
    )


def _broken_certificates(index: ClusterIndex, ingress: JsonObject) -> Iterator[Problem]:
    namespace = namespace_of(ingress)
    for entry in read_maps(ingress, "spec", "tls"):
        name = read_text(entry, "secretName")
        if not name:
            continue
        secret = index.find("Secret", namespace, name)
        if secret is None:
            if index.is_missing("Secret", namespace, name):
                yield _tls_missing(index, ingress, name)
            continue
        until = _valid_until(secret)
        if until is not None and until < index.now:
            yield _expired(ingress, name, until)


def _tls_missing(index: ClusterIndex, ingress: JsonObject, name: str) -> Problem:
    path, namespace = object_path("Ingress", ingress), namespace_of(ingress)
    near = find_nearest(name, among=index.names("Secret", namespace), limit=1)
    hint_en, hint_zh = (f" ({near[0]} exists)", f"（存在 {near[0]}）") if near else ("", "")
    return Problem(
        condition="ingress-tls-missing",
        object=f"Secret/{namespace}/{name}",
        subject=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The Ingress {name_of(ingress)} takes its certificate from the Secret {name}, which does not exist in "
            "namespace "
            f"{namespace}{hint_en}.",
            f"Ingress {name_of(ingress)} 的证书取自 Secret {name}，它在命名空间 {namespace} 中不存在{hint_zh}。",
        ),
        evidence=(f"{path}: spec.tls secretName={name}",),
        next_step=Words(
            f"Create the TLS Secret {name} (kubectl create secret tls, or a cert-manager Certificate), or correct "
            "secretName.",
            f"创建 TLS Secret {name}（kubectl create secret tls，或 cert-manager Certificate），或改正 secretName。",
        ),
        confidence=0.95,
    )


def _expired(ingress: JsonObject, name: str, until: datetime) -> Problem:
    path, namespace = object_path("Ingress", ingress), namespace_of(ingress)
    return Problem(
        condition="ingress-certificate-expired",
        object=f"Secret/{namespace}/{name}",
        subject=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The certificate in the Secret {name}, which the Ingress {name_of(ingress)} serves, expired on "
            f"{until:%Y-%m-%d}.",
            f"Ingress {name_of(ingress)} 使用的 Secret {name} 中的证书已于 {until:%Y-%m-%d} 过期。",
        ),
        evidence=(f"{path}: spec.tls secretName={name}", f"certificate notAfter={until.isoformat()}"),
        next_step=Words("Renew the certificate and replace the Secret.", "续签证书并更新 Secret。"),
        confidence=0.97,
    )


def _valid_until(secret: JsonObject) -> datetime | None:
    """End of the certificate's validity; None when its data was not read or is no certificate."""
    text = read_text(secret, "data", "tls.crt")
    if not text:
        return None
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(base64.b64decode(text)).not_valid_after_utc
    except (ValueError, binascii.Error):
        return None
