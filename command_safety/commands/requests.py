"""`curl` and `wget`: what is asked of whom, and where the answer goes."""

from __future__ import annotations

from command_safety.commands.hosts import find_host_rule, split_url
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import UNKNOWN, Origin, Text
from command_safety.paths.devices import is_standard
from command_safety.paths.secrets import is_secret
from command_safety.paths.writing import find_write_rule
from command_safety.rules.arguments import Option, parse_arguments
from command_safety.rules.word_sets import word_set

_CURL_HARMLESS = word_set(
    "-s -S -k -L -v -i -I -f -g -G -N -# -4 -6 -0 -1 -2 -3 -a -q -j -: --silent --show-error --insecure "
    "--location --verbose --include --show-headers --head --fail --fail-with-body --fail-early --globoff "
    "--get --no-buffer --progress-bar --no-progress-meter --ipv4 --ipv6 --http0.9 --http1.0 --http1.1 --http2 "
    "--http2-prior-knowledge --http3 --tlsv1 --tlsv1.0 --tlsv1.1 --tlsv1.2 --tlsv1.3 --compressed "
    "--no-compressed --path-as-is --raw --tcp-nodelay --no-keepalive --no-sessionid --disable "
    "--retry-connrefused --retry-all-errors --styled-output --no-styled-output --anyauth --basic --digest "
    "--negotiate --ntlm --next"
)
_CURL_VALUES = word_set(
    "-m -w -H -A -e -u -r -y -Y -z -b -C --max-time --connect-timeout --write-out --header --user-agent "
    "--referer --user --range --speed-time --speed-limit --time-cond --cookie --retry --retry-delay "
    "--retry-max-time --max-redirs --cacert --capath --cert -E --cert-type --key --key-type --pass --ciphers "
    "--tls-max --limit-rate --max-filesize --noproxy --interface --local-port --keepalive-time "
    "--request-target --oauth2-bearer --dns-timeout --happy-eyeballs-timeout-ms --parallel-max --url --url-query"
)
_CURL_OUTPUTS = frozenset({"-o", "--output", "-D", "--dump-header", "--trace", "--trace-ascii", "--stderr"})
_CURL_BODIES = word_set("-d --data --data-ascii --data-raw --data-binary --data-urlencode --json")
_CURL_VALUED = (
    _CURL_VALUES
    | _CURL_OUTPUTS
    | _CURL_BODIES
    | word_set(
        "-X --request -K --config -x --proxy -F --form -T --upload-file -c --cookie-jar --resolve --connect-to -U "
        "-P -Q -t"
    )
    | word_set(
        "--unix-socket --abstract-unix-socket --doh-url --preproxy --socks5 --socks5-hostname --socks4 "
        "--dns-servers --engine"
    )
)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_WGET_HARMLESS = word_set(
    "-q -v -n -S -4 -6 -d --quiet --verbose --no-verbose --server-response --spider --no-check-certificate "
    "--inet4-only --inet6-only --no-proxy --no-cache --no-dns-cache --no-hsts --show-progress "
    "--no-http-keep-alive --content-on-error --method=GET"
)
_WGET_VALUES = word_set(
    "-T -t -U -w --timeout --tries --user-agent --header --wait --connect-timeout --read-timeout "
    "--dns-timeout --max-redirect --user --password --http-user --http-password --ca-certificate "
    "--certificate --private-key --progress --referer --waitretry"
)
_WGET_VALUED = _WGET_VALUES | frozenset(
    {
        "-O",
        "--output-document",
        "-o",
        "-a",
        "--output-file",
        "-i",
        "-P",
        "-e",
        "--post-data",
        "--post-file",
        "--method",
        "--body-data",
        "--body-file",
        "-A",
        "-R",
        "-D",
        "-l",
        "-Q",
    }
)


def check_curl(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_CURL_VALUED)
    is_query = arguments.has("-G", "--get")
    for option in arguments.options:
        rule = _find_curl_rule(call, option, is_query=is_query)
        if rule:
            call.report(rule)
    urls = [
        *arguments.operands,
        *(option.value for option in arguments.options if option.name == "--url" and option.value),
    ]
    _judge_urls(call, urls)
    if arguments.has("-O", "--remote-name", "--remote-name-all"):
        _remember_files(call, urls)
    return _download(call, arguments.value_of("-o", "--output"))


def _find_curl_rule(call: Call, option: Option, *, is_query: bool) -> str:
    name, value = option.name, option.value
    if name in _CURL_HARMLESS:
        return ""
    if value is None:
        return "C-unknown-option"
    if name in _CURL_OUTPUTS:
        return "" if value.text == "-" or is_standard(value) else find_write_rule(value, call.scope)
    if name in ("--resolve", "--connect-to"):
        return _find_detour_rule(name, value.text)
    if name in ("-X", "--request"):
        return "" if value.text.upper() in _SAFE_METHODS else "C-network-send"
    if name in _CURL_BODIES:
        is_file = value.text.startswith("@") or (name == "--data-urlencode" and "@" in value.text)
        return "C-network-send" if is_file or not is_query or UNKNOWN in value.text else ""
    if name in _CURL_VALUES:
        reads_file = value.text.startswith("@") and name in ("-H", "--header", "-w", "--write-out")
        reads_file = reads_file or (name == "--url-query" and "@" in value.text.partition("=")[0])
        return "C-network-send" if reads_file or "%output{" in value.text else ""
    return "C-unknown-option"


def _find_detour_rule(name: str, text: str) -> str:
    """`--resolve host:port:addresses` and `--connect-to host:port:host:port` lead to another host than the URL says."""
    parts = text.split(":", 2)
    if len(parts) < 3:
        return "C-unknown-option"
    targets = parts[2].split(",") if name == "--resolve" else parts[2].rpartition(":")[:1]
    return next((rule for target in targets if (rule := find_host_rule(target.strip("[]").lower()))), "")


def check_wget(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_WGET_VALUED)
    target = arguments.value_of("-O", "--output-document")
    for option in arguments.options:
        if (
            option.name not in _WGET_HARMLESS
            and option.name not in _WGET_VALUES
            and option.name not in ("-O", "--output-document")
        ):
            call.report("C-unknown-option")
    if target is None and not arguments.has("--spider"):
        call.report("C-file-write")
        _remember_files(call, arguments.operands)
    elif target is not None and target.text != "-" and not is_standard(target):
        call.report(find_write_rule(target, call.scope) or "C-file-write")
    _judge_urls(call, arguments.operands)
    return _download(call, None if target is None or target.text == "-" else target)


def _download(call: Call, target: Text | None) -> Text:
    content = Text(UNKNOWN, frozenset({Origin.DOWNLOADED}))
    if target is not None and target.text != "-" and not is_standard(target):
        call.scope.remember_file(target.text, content)
        return Text("")
    return content


def _remember_files(call: Call, urls: list[Text] | tuple[Text, ...]) -> None:
    for url in urls:
        name = url.text.partition("?")[0].rstrip("/").rpartition("/")[2]
        if name:
            call.scope.remember_file(name, Text(UNKNOWN, frozenset({Origin.DOWNLOADED})))


def _judge_urls(call: Call, urls: list[Text] | tuple[Text, ...]) -> None:
    for url in urls:
        rule = _find_url_rule(call, url)
        if rule:
            call.report(rule, url.text)


def _find_url_rule(call: Call, url: Text) -> str:
    if not url.is_known:
        return "C-dynamic-host"
    address = split_url(url.text)
    if address is None:
        return "C-public-host"
    if address.scheme == "file":
        return "C-secret-read" if is_secret(Text(address.rest), call.scope) else "C-unusual-protocol"
    if address.scheme not in ("", "http", "https"):
        return "C-unusual-protocol"
    return find_host_rule(address.host)
