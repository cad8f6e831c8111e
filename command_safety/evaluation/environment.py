"""Variables that change what a later command is or does."""

from __future__ import annotations

import re

_DANGEROUS = re.compile(
    r"""
    LD_\w+ | DYLD_\w+ | GLIBC_TUNABLES | PATH | BASH_\w+ | ZDOTDIR | FPATH | FCEDIT | ENV | IFS | CDPATH | GLOBIGNORE
    | SHELLOPTS | BASHOPTS | PS[0-4] | PROMPT_COMMAND | \w*PAGER | (?:\w+_)?EDITOR | VISUAL | BROWSER
    | LESS(?:OPEN|CLOSE|KEY\w*|EDIT)? | MORE | PYTHON[A-Z]+ | PERL\w* | RUBY\w+ | GEM_\w+
    | NODE_(?:OPTIONS|PATH|EXTRA\w+|REPL\w+) | NPM_\w+ | \w*JAVA_(?:TOOL_OPTIONS|OPTIONS|OPTS|HOME)
    | \w*JVM_?(?:FLAGS|OPTS|ARGS) | KAFKA_(?:OPTS|HEAP_OPTS|LOG4J_OPTS) | JDK_JAVA_OPTIONS | CLASSPATH | LUA_\w+
    | PHPRC | PHP_INI\w+ | GO(?:FLAGS|PROXY|PATH|ROOT) | GIT_\w+ | SSH_(?:ASKPASS\w*|AUTH_SOCK) | SUDO_\w+ | RSYNC_\w+
    | CVS_RSH | TAR_OPTIONS | GZIP | XZ_(?:OPT|DEFAULTS) | XDG_\w+ | RIPGREP_CONFIG_PATH | BAT_\w+ | APT_CONFIG
    | RPM_\w+ | PIP_\w+ | npm_config_\w+ | CARGO_\w+ | RUSTC\w* | BUNDLE_\w+ | COMPOSER_\w+ | HGRCPATH | SVN_\w+
    | PERF_\w+ | CLOUDSDK_\w+ | BOTO_CONFIG | VAGRANT_\w+ | PULUMI_\w+ | ARGOCD_\w+ | VIRSH_\w+ | LIBVIRT_\w+
    | CONTAINERS_\w+ | REDISCLI_RCFILE | KUBECTL_\w+ | KUBECONFIG | DOCKER_(?:HOST|CONFIG|CONTEXT|TLS\w*|CERT_PATH)
    | CONTAINER_HOST | BUILDAH_\w+ | HELM_\w+ | VAULT_\w+ | CONSUL_\w+ | NOMAD_\w+
    | AWS_(?:ACCESS|SECRET|SESSION|CONFIG|SHARED|ENDPOINT|WEB|ROLE)\w* | GOOGLE_\w+ | AZURE_\w+ | ARM_\w+
    | OS_(?:AUTH|TOKEN|CLOUD|PASSWORD|USERNAME)\w* | TF_\w+ | ANSIBLE_\w+ | ETCDCTL_(?!API$)\w+ | PSQLRC
    | PGSERVICE\w* | PGSYSCONFDIR | MYSQL_HOME | (?i:https?|ftp|all|no)_(?i:proxy) | CURL_HOME | WGETRC | OPENSSL_\w+
    | SSL_CERT_\w+ | SSLKEYLOGFILE | GCONV_PATH | LOCPATH | NLSPATH | TERMINFO\w* | TERMCAP | HOSTALIASES
    | RES_OPTIONS | LOCALDOMAIN | MALLOC_\w+ | GETCONF_DIR | TMPDIR | HOME | SHELL | INPUTRC | HISTFILE
    | DBUS_\w+ | SYSTEMD_(?:UNIT_PATH|LESS) | MANOPT | MANPATH | GREP_OPTIONS | DEBUGINFOD_URLS
    """,
    re.VERBOSE,
)


def find_variable_rule(name: str, *, command: str) -> str:
    """The reason to ask before this variable is set, for one command or (without one) for all that follow."""
    if name == "IFS" and command == "read":
        # How the lines of a loop are read; it holds for this one builtin, which starts nothing.
        return ""
    return "C-environment" if _DANGEROUS.fullmatch(name) else ""
