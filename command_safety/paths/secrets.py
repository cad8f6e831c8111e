"""Files and names whose content nobody should see by the way."""

from __future__ import annotations

import re

from command_safety.evaluation.scope import Scope
from command_safety.evaluation.values import Text
from command_safety.paths.normalising import covers, locate, normalise

_SECRET = re.compile(
    r"""
    (?:^|.*/)(?:
        etc/g?shadow-?
      | etc/(?:ssh/ssh_host_\w+_key|krb5\.keytab|security/opasswd|ppp/(?:chap|pap)-secrets|wireguard/[^/]+\.conf
            |kubernetes/[^/]+\.conf|rancher/k3s/k3s\.yaml|letsencrypt/(?:live|archive)/.*privkey.*|sssd/sssd\.conf)
      | etc/mysql/debian\.cnf | var/lib/kubelet/pki/.+\.pem
      | etc/ssl/private/.+ | etc/pki/tls/private/.+
      | \.ssh/(?!authorized_keys|known_hosts|config)[^/]*(?<!\.pub)
      | id_(?:rsa|dsa|ecdsa|ed25519)[^/]*(?<!\.pub)
      | \.kube/(?:config[^/]*|cache/.+) | [^/]*kubeconfig[^/]*
      | \.env(?:\.(?!example|sample|template|dist)[^/]*)? | [^/]+\.env
      | \.aws/credentials | \.docker/config\.json | \.config/gcloud/.+ | \.azure/.+
      | \.netrc | \.pgpass | \.my\.cnf | \.git-credentials | \.npmrc | \.pypirc | \.htpasswd | \.vault-token
      | \.(?:bash|zsh|mysql|psql|python|rediscli)_history | \.gnupg/.+ | \.terraform\.d/credentials[^/]*
      | [^/]*\.(?:key|p12|pfx|jks|keystore|kdbx|ppk|keytab)
      | [^/]*(?:privkey|private[_-]?key|secret[_-]?key)[^/]*
      | [^/]*(?:credentials|secrets?)(?:\.(?:json|ya?ml|txt|ini|conf|toml|xml|properties))?
    )$
    | ^/(?:var/)?run/secrets/.+
    | ^/proc/[^/]+/(?:task/[^/]+/)?(?:environ|mem|kcore)$ | ^/proc/kcore$ | ^/dev/k?mem$
    """,
    re.VERBOSE | re.IGNORECASE,
)
# What a glob such as `/etc/s*` may name as well.
_EXAMPLES = (
    *(
        "/etc/shadow",
        "/etc/gshadow",
        "/proc/1/environ",
        "/proc/self/environ",
        "/root/.ssh/id_rsa",
        "/etc/kubernetes/admin.conf",
    ),
    *("/etc/ssh/ssh_host_rsa_key", "/root/.kube/config", "/etc/ssl/private/server.key", "/var/run/secrets/token"),
)
_SECRET_NAME = re.compile(
    r"pass(?:wd|word|phrase)?(?:$|_)|secret|token|api_?key|private_?key|access_?key|credential|_key$|^key$|_pw$|auth",
    re.IGNORECASE,
)


def is_secret(path: Text, scope: Scope) -> bool:
    """Whether reading this file may show a password, a key or a token."""
    return any(
        _is_secret_place(place)
        for place in locate(path.text.replace("\x01", "1"), directories=scope.directories, mounts=scope.mounts)
    )


def _is_secret_place(place: str) -> bool:
    # An unknown part may be any name, the directory of most secrets, or nothing at all.
    known = [place] if "\x00" not in place else [normalise(place.replace("\x00", name)) for name in ("1", "etc", "")]
    if any(_SECRET.search(each) for each in known):
        return True
    if not any(sign in place for sign in "*?["):
        return False
    expanded = place.replace("~", "/root", 1) if place.startswith("~") else place
    return any(covers(expanded, example) for example in _EXAMPLES)


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds what should not be shown."""
    return _SECRET_NAME.search(name) is not None
