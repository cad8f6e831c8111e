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
    # what the tools themselves load, run or write because of it
    | XTABLES_\w+ | IP6?TABLES_\w+ | EBTABLES_\w+ | TC_LIB_DIR | IP_LIB_DIR | OVS_\w+ | LVM_\w+ | CEPH_\w+ | SNMP\w*
    | MIBDIRS | LDAP(?:CONF|RC|NOINIT|TLS_\w+) | KRB5\w* | GNUPGHOME | GNUTLS_\w+ | NSS_\w+ | P11_\w+ | PKCS11_\w+
    | SOFTHSM\w* | GIO_\w+ | GTK_\w+ | QT_\w+ | G_MESSAGES_\w+ | AWK(?:LIB)?PATH | GAWK_\w+ | LIBMYSQL_\w+
    | MYSQL_(?:DEBUG|TEST_\w+) | ODBC\w+ | PGOPTIONS | PGPASSFILE | PGSSL(?:KEY|CERT|ROOTCERT|CRL\w*) | TNS_ADMIN
    | ERL_\w+ | ELIXIR_\w+ | RABBITMQ_\w+ | HADOOP_\w+ | HDFS_\w+ | YARN_\w+ | HBASE_\w+ | ZOO\w+ | CASSANDRA_\w+
    | SPARK_\w+ | PULSAR_\w+ | KAFKA_\w+ | CATALINA_\w+ | MAVEN_\w+ | GRADLE_\w+ | HOMEBREW_\w+ | DPKG_\w+ | NIX_\w+
    | GUIX_\w+ | CONDA_\w+ | UV_\w+ | POETRY_\w+ | PNPM_\w+ | RUSTUP_\w+ | GO[A-Z]+ | MAKEFLAGS | GH_\w+ | GLAB_\w+
    | HG[A-Z]* | KUBE\w+ | DOCKER_CLI_\w+ | PODMAN_\w+ | TERRAGRUNT_\w+ | TG_\w+ | SSH_\w+ | CURL_\w+ | NETRC | QLOGDIR
    | SYSTEM_WGETRC | TAPE | UNZIP(?:OPT)? | ZIPOPT | ZIPINFO(?:OPT)? | BZIP2? | ACK(?:RC|_OPTIONS) | COLORDIFFRC
    | \w*BROWSER | MAILPATH
    | DBUS_\w+ | SYSTEMD_(?:UNIT_PATH|LESS) | MANOPT | MANPATH | GREP_OPTIONS | DEBUGINFOD_URLS
    """,
    re.VERBOSE,
)


_HANDED_OVER = re.compile(
    r"\w+_(?:LIB_?DIR|LIB(?:RARY)?_?PATH|PLUGIN\w*|OPTS|OPTIONS|FLAGS|ARGS|PRELOAD\w*|MODULES?(?:_PATH)?|RSH|SHELL|EXEC\w*"
    r"|HOOKS?|TRACE\w*|PERSIST_FILE|RCFILE|CONFIG_(?:FILE|DIR|PATH))"
)
"""Names that programs often give to what they load, run or write; for a script's own use they say nothing."""


def find_variable_rule(name: str, *, command: str, is_exported: bool = False) -> str:
    """The reason to ask before this variable is set, for one command or (without one) for all that follow."""
    if (is_exported or command) and _HANDED_OVER.fullmatch(name):
        return "C-environment"
    if name == "IFS" and command == "read":
        # How the lines of a loop are read; it holds for this one builtin, which starts nothing.
        return ""
    return "C-environment" if _DANGEROUS.fullmatch(name) else ""
