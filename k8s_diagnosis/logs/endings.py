"""Why a program ended, as its last words tell: one entry per kind of reason, most exact first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from k8s_diagnosis.problem import Words


@dataclass(frozen=True, slots=True)
class Ending:
    """A reason that many programs word alike."""

    condition: str
    pattern: re.Pattern[str]
    cause: Words
    """Goes on after "Container x keeps ending with exit code n: "."""
    next_step: Words


@dataclass(frozen=True, slots=True)
class FoundEnding:
    ending: Ending
    line: str
    about: str
    """What the line names: a path, module, user; empty when it names nothing."""


_QUOTED = re.compile(r"[\"'`‘“]([^\"'`’”]{1,200})[\"'`’”]")
_PATH = re.compile(r"(?<![\w:/.])(/[\w.@+-]+(?:/[\w.@+-]+)*)")
_LIBRARIES = ("/usr/lib/", "/usr/local/lib/", "/opt/venv/lib/", "/node_modules/")
_AFTER_NAMED = re.compile(r"(?:No module named|module|table|relation|user) [\"'`]?([\w./@-]+)")

ENDINGS: tuple[Ending, ...] = (
    Ending(
        "crash-read-only-filesystem",
        re.compile(r"(?i)read-?only file ?system|\bEROFS\b|只读文件系统"),
        Words("it writes to a file system that is read-only", "程序要写入只读的文件系统"),
        Words(
            "Mount an emptyDir (or another writable volume) at the directory it writes to, or let it write elsewhere.",
            "在它写入的目录挂载 emptyDir（或其他可写卷），或让它写到别处。",
        ),
    ),
    Ending(
        "crash-port-clash",
        re.compile(
            r"(?i)address (?:is )?already in use|\bEADDRINUSE\b|port \d+ (?:is |was )?already (?:in use|allocated|"
            r"bound)|"
            r"port is already in use|only one usage of each socket address|bind.{0,60}in use|端口.{0,20}占用|"
            r"地址已在使用"
        ),
        Words("the port it wants to listen on is taken", "它要监听的端口已被占用"),
        Words(
            "Give the containers of the pod different ports (they share one network).",
            "为同一 Pod 的各容器设置不同端口（它们共用网络）。",
        ),
    ),
    Ending(
        "crash-disk-full",
        re.compile(
            r"(?i)no space left on device|\bENOSPC\b|disk quota exceeded|(?:database or )?disk (?:is )?full|"
            r"磁盘.{0,6}(?:已满|不足)"
        ),
        Words("the disk or volume it writes to is full", "它写入的磁盘或卷已满"),
        Words(
            "Free space on the volume or make it larger, and look for what fills it.",
            "清理或扩大该卷，并查明是什么占满了它。",
        ),
    ),
    Ending(
        "crash-heap-exhausted",
        re.compile(
            r"(?i)java\.lang\.OutOfMemoryError|heap out of memory|\bMemoryError\b|cannot allocate memory|"
            r"std::bad_alloc|"
            r"\bENOMEM\b|out of memory|OutOfMemoryException|Allowed memory size of \d+ bytes exhausted|内存不足|"
            r"内存溢出"
        ),
        Words("it ran out of the memory it may use", "程序可用内存耗尽"),
        Words(
            "Raise the heap (for example -Xmx or --max-old-space-size) together with the memory limit, or let it use "
            "less.",
            "提高堆大小（例如 -Xmx 或 --max-old-space-size）并相应提高内存上限，或降低内存用量。",
        ),
    ),
    Ending(
        "crash-login-refused",
        re.compile(
            r"(?i)password authentication failed|access denied for user|authentication (?:failed|failure|error)|"
            r"WRONGPASS|"
            r"NOAUTH|invalid (?:user ?name|user|login|credentials?|password|api ?key|access ?key|token)\b|"
            r"login failed for "
            r"user|ORA-01017|ACCESS_REFUSED|\b401\b.{0,20}unauthori[sz]ed|invalid_client|bad credentials|"
            r"SignatureDoesNotMatch|InvalidAccessKeyId|not authori[sz]ed|unauthorized|permission denied for "
            r"(?:database|schema|table|relation|user)|role \S+ does not exist|no pg_hba\.conf entry|"
            r"认证失败|密码错误|用户名或密码"
        ),
        Words("the service it logs in to refuses the login", "它登录的服务拒绝了登录"),
        Words(
            "Compare user and password of the pod with those of the service, and correct the Secret or the account.",
            "核对 Pod 使用的用户名和密码与该服务是否一致，改正 Secret 或账号。",
        ),
    ),
    Ending(
        "crash-certificate-rejected",
        re.compile(
            r"(?i)x509: |certificate[_ ](?:verify|verification) failed|certificate (?:has expired|"
            r"is not (?:yet )?valid|"
            r"signed by unknown|required|is not trusted)|PKIX path|SSLHandshakeException|self[- ]signed certificate|"
            r"tls: (?:failed to verify|bad|private key|unknown)|CERT_HAS_EXPIRED|unable to get (?:local )?issuer|"
            r"证书.{0,10}(?:过期|无效|不受信任)"
        ),
        Words("a TLS certificate is not accepted", "TLS 证书不被接受"),
        Words(
            "Check who issued the certificate, for which name and until when; give the pod the right CA or a new one.",
            "检查证书的签发者、域名和有效期；为 Pod 提供正确的 CA 或新证书。",
        ),
    ),
    Ending(
        "crash-permission-denied",
        re.compile(
            r"(?i)permission denied|\bEACCES\b|operation not permitted|\bEPERM\b|AccessDeniedException: /|"
            r"权限不够|权限不足|权限被拒绝|没有权限|无权限"
        ),
        Words(
            "the system refuses what it does, as user or rights do not fit", "操作系统拒绝了它的操作：用户或权限不合适"
        ),
        Words(
            "Compare runAsUser, fsGroup and capabilities of the pod with the owner of the file; ports below 1024 need "
            "the capability NET_BIND_SERVICE.",
            "对照 Pod 的 runAsUser、fsGroup、capabilities 与文件属主；1024 以下的端口需要 NET_BIND_SERVICE。",
        ),
    ),
    Ending(
        "crash-file-missing",
        re.compile(
            r"(?i)no such file|\bENOENT\b|FileNotFound|cannot find (?:the )?(?:file|path|module|package)|"
            r"ModuleNotFoundError|No module named|ClassNotFoundException|NoClassDefFoundError|"
            r"could not find or load main "
            r"class|cannot open shared object|error while loading shared libraries|unable to (?:open|access|"
            r"find) (?:the )?"
            r"(?:file|jarfile)|cannot load such file|can't open (?:file )?|(?:file|path|directory|template|module|"
            r"jar)\b"
            r".{0,120}(?:does not exist|not found|doesn't exist|missing)|文件不存在|找不到文件|没有那个文件"
        ),
        Words("a file, module or library it needs is not there", "缺少它需要的文件、模块或库"),
        Words(
            "Put it into the image, mount it (volume, ConfigMap, Secret), or correct the path.",
            "把它放进镜像、以卷（ConfigMap、Secret）挂载，或改正路径。",
        ),
    ),
    Ending(
        "crash-config-invalid",
        re.compile(
            r"(?i)(?:ya?ml|json|toml|ini|xml|conf(?:ig(?:uration)?)?)\b.{0,80}(?:pars|syntax|invalid|unmarshal|unexpected|"
            r"malformed|cannot|could not|failed|error|unknown)|(?:pars|syntax|unmarshal|decod|load|read|invalid|"
            r"malformed|"
            r"bad|unknown)\w*\b.{0,60}\b(?:ya?ml|json|toml|ini|xml|config(?:uration)?)\b|"
            r"mapping values are not allowed|"
            r"cannot start any token|JSONDecodeError|unexpected token|\[emerg\]|unknown directive|bad directive|"
            r"unrecogni[sz]ed (?:configuration|option|argument|parameter)|unknown (?:flag|field|option|command|"
            r"parameter|"
            r"variable)|flag provided but not defined|invalid (?:argument|value|port|number|duration|url|literal|"
            r"option|"
            r"syntax|log level)|strconv\.\w+: parsing|NumberFormatException|validation errors? for|must be (?:a |an |"
            r"one of|"
            r"between|greater|positive)|fatal config file error|"
            r"failed to configure a|attribute is not specified|could not be configured|"
            r"配置.{0,20}(?:错误|无效|有误|失败)|解析.{0,20}失败"
        ),
        Words("its configuration is not valid", "它的配置无效"),
        Words(
            "Correct the value or file that the log names (a ConfigMap, an argument or a variable), then restart.",
            "改正日志指出的值或文件（ConfigMap、参数或环境变量），然后重启。",
        ),
    ),
)


def match_ending(line: str) -> FoundEnding | None:
    """The reason this line gives, if it gives one."""
    for ending in ENDINGS:
        if ending.pattern.search(line):
            return FoundEnding(ending, line, _find_about(line))
    return None


def _find_about(line: str) -> str:
    paths = [path for path in _PATH.findall(line) if not path.startswith(_LIBRARIES)]
    if paths:
        return str(paths[-1])
    named = _AFTER_NAMED.search(line)
    if named:
        return named.group(1)
    quoted = _QUOTED.findall(line)
    return str(quoted[-1]) if quoted else ""
