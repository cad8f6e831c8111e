"""Clients of stores that speak no SQL: Redis, MongoDB, etcd."""

from __future__ import annotations

import re

from command_safety.evaluation.call import Call
from command_safety.evaluation.scope import Fields
from command_safety.evaluation.values import ANYTHING, UNKNOWN, Origin, Text
from command_safety.rules.arguments import parse_arguments
from command_safety.rules.word_sets import word_set

_REDIS_VALUED = word_set(
    "-h -p -s -a -u -r -i -n -d -D -X -t --user --pass --sni --cacert --cert --key --pattern --count "
    "--quoted-pattern --intrinsic-latency --memkeys-samples --eval --rdb --functions-rdb --cacertdir "
    "--tls-ciphers"
)
# https://redis.io/docs/latest/commands/, those with the ACL category @read or that only tell about the server
_REDIS_READS = word_set(
    "GET MGET STRLEN GETRANGE SUBSTR GETBIT BITCOUNT BITPOS HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS "
    "HSTRLEN HSCAN HRANDFIELD LRANGE LLEN LINDEX LPOS SMEMBERS SCARD SISMEMBER SMISMEMBER SRANDMEMBER SSCAN "
    "SINTER SUNION SDIFF ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZCARD ZCOUNT ZSCORE "
    "ZMSCORE ZRANK ZREVRANK ZSCAN ZLEXCOUNT TTL PTTL EXPIRETIME PEXPIRETIME TYPE EXISTS RANDOMKEY DBSIZE SCAN "
    "INFO PING ECHO TIME LASTSAVE ROLE COMMAND XINFO XLEN XRANGE XREVRANGE XPENDING PFCOUNT GEOPOS GEODIST "
    "GEOHASH GEOSEARCH DUMP LOLWUT TS.GET TS.RANGE TS.INFO JSON.GET FT.INFO FT._LIST BF.INFO READONLY"
)
_REDIS_SUB_READS = {
    "CONFIG": {"GET"},
    "SLOWLOG": {"GET", "LEN"},
    "CLIENT": {"LIST", "INFO", "GETNAME", "ID", "TRACKINGINFO"},
    "CLUSTER": {
        "INFO",
        "NODES",
        "SLOTS",
        "SHARDS",
        "KEYSLOT",
        "COUNTKEYSINSLOT",
        "MYID",
        "LINKS",
        "REPLICAS",
        "SLAVES",
    },
    "MEMORY": {"USAGE", "STATS", "DOCTOR", "MALLOC-STATS"},
    "LATENCY": {"LATEST", "DOCTOR", "HISTORY", "GRAPH", "HISTOGRAM"},
    "OBJECT": {"ENCODING", "IDLETIME", "FREQ", "REFCOUNT"},
    "MODULE": {"LIST"},
    "ACL": {"LIST", "WHOAMI", "USERS", "CAT"},
    "PUBSUB": {"CHANNELS", "NUMSUB", "NUMPAT", "SHARDCHANNELS", "SHARDNUMSUB"},
    "SENTINEL": {"MASTERS", "MASTER", "REPLICAS", "SLAVES", "SENTINELS", "GET-MASTER-ADDR-BY-NAME", "CKQUORUM", "MYID"},
    "FUNCTION": {"LIST", "STATS"},
    "SCRIPT": {"EXISTS"},
}
_REDIS_HEAVY = frozenset({"KEYS", "MONITOR", "SORT", "SORT_RO"})
_REDIS_FLUSH = re.compile(r"\bflush(?:all|db)\b", re.IGNORECASE)
_REDIS_MODES_READING = frozenset(
    {
        "--stat",
        "--latency",
        "--latency-history",
        "--latency-dist",
        "--scan",
        "--intrinsic-latency",
        "--help",
        "--version",
        "-v",
    }
)

_REDIS_MODES_ASKING = {
    "--bigkeys": "C-database-heavy",
    "--memkeys": "C-database-heavy",
    "--hotkeys": "C-database-heavy",
    "--keystats": "C-database-heavy",
    "--rdb": "C-file-write",
    "--functions-rdb": "C-file-write",
    "--pipe": "C-database-write",
    "--eval": "C-script-file",
    "--ldb": "C-script-file",
    "--replica": "C-database-heavy",
}
_MONGO_VALUED = word_set(
    "--eval --host --port -u --username -p --password --authenticationDatabase -f --file --tls --db"
) - {"--tls"}
_MONGO_READS = word_set(
    "serverStatus stats dataSize storageSize totalSize totalIndexSize currentOp version hello isMaster "
    "hostInfo status conf config printReplicationInfo printSlaveReplicationInfo printSecondaryReplicationInfo "
    "printShardingStatus getReplicationInfo getCollectionNames getCollectionInfos getCollection getSiblingDB "
    "getName getMongo getUsers getRoles getUser getProfilingStatus getProfilingLevel getLogComponents "
    "serverBuildInfo listCommands find findOne count countDocuments estimatedDocumentCount distinct "
    "getIndexes getIndexKeys explain limit skip sort projection pretty toArray map forEach itcount size "
    "hasNext next hint maxTimeMS getShardDistribution latencyStats validateNothing getDBs getDBNames "
    "adminCommand runCommand print printjson tojson JSON.stringify stringify ObjectId ISODate Date NumberLong "
    "Timestamp aggregate allowDiskUse getBalancerState isBalancerRunning listShards databases "
    "printCollectionStats serverCmdLineOpts getParameter connectionStatus inprog EJSON function"
)
_MONGO_COMMANDS = word_set(
    "ping serverStatus replSetGetStatus replSetGetConfig listDatabases listCollections dbStats collStats "
    "buildInfo hostInfo isMaster hello getCmdLineOpts currentOp top connPoolStats getLog getParameter "
    "listShards balancerStatus features whatsmyuri connectionStatus lockInfo"
)
_MONGO_CALL = re.compile(r"([\w$.]*\w)\s*\(")
_MONGO_COMMAND = re.compile(r"(?:adminCommand|runCommand)\s*\(\s*(?:\{\s*)?['\"]?(\w+)")
_MONGO_WRITES = re.compile(r"\$out|\$merge|\$where|\$function|\$accumulator|(?<![=!<>])=(?![=>])|`|\[\s*['\"]")
_MONGO_COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
_MONGO_SECRETS = re.compile(r"showCredentials|system\.users|authenticationRestrictions")
_MONGO_HIDDEN_CALL = re.compile(
    r"[\])]\s*\(|\b(?:toString|valueOf|toJSON|then|constructor|prototype|call|apply|bind|Reflect|Proxy|delete)\b"
    r"|\bnew\s+(?!(?:Date|ObjectId|ISODate|NumberLong|Timestamp)\b)"
)
"""A call of what an expression gives, and names that the language calls by itself."""
_MONGO_CALLBACK = re.compile(
    r"\b(?:forEach|map|filter|reduce|reduceRight|some|every|flatMap|sort|findIndex)\s*\(\s*"
    r"(?!function\b|[\w$]+\s*=>)(?:[\w$]+\s*\.\s*)*([A-Za-z_$][\w$]*)\s*[,)]"
)
"""A function that is handed over by its name."""
_MONGO_DROPS = re.compile(r"\bdropDatabase\b|\bdropAllUsers\b")
_MONGO_SHOW = re.compile(
    r"\s*(?:show\s+(?:dbs|databases|collections|tables|users|roles|log\s*\w*|logs)|use\s+\w+)\s*;?\s*"
)
_ETCD_VALUED = word_set(
    "--endpoints --cacert --cert --key --user --password --dial-timeout --command-timeout -w --write-out "
    "--limit --order --sort-by --rev --consistency --from-rev --keepalive-time --keepalive-timeout "
    "--discovery-srv"
)
_SENSITIVE_PREFIX = "/registry/secrets/"
_ETCD_EVERYTHING = frozenset({"", "/", "\\0", "/registry", "/registry/"})


def check_redis(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_REDIS_VALUED, stops_at_operand=True)
    if any(
        option.name in ("-h", "-u") and option.value and Origin.OUTPUT in option.value.origins
        for option in arguments.options
    ):
        call.report("C-dynamic-host")
    modes = [option.name for option in arguments.options]
    for mode in modes:
        if mode in _REDIS_MODES_ASKING:
            call.report(_REDIS_MODES_ASKING[mode])
    if "--cluster" in modes:
        _judge_redis_cluster(call, [word.text for word in arguments.operands])
        return None
    words = arguments.operands
    if words:
        _judge_redis_words(call, [word.text for word in words])
        if any(word.is_loose or word.text.startswith(UNKNOWN) for word in words[:1]):
            call.report("C-dynamic-script")
    elif call.stdin is not None and not (set(modes) & _REDIS_MODES_READING):
        _judge_redis_lines(call, call.stdin)
    elif not (set(modes) & (_REDIS_MODES_READING | set(_REDIS_MODES_ASKING))):
        call.report("C-interactive")
    return None


def _judge_redis_cluster(call: Call, words: list[str]) -> None:
    """`--cluster call` sends a command to every node."""
    if any(_REDIS_FLUSH.search(word) for word in words):
        call.report("B8-flush")
    if words and words[0] not in ("info", "check", "help"):
        call.report("C-database-write")


def _judge_redis_lines(call: Call, lines: Text) -> None:
    if UNKNOWN in lines.text:
        call.report("C-dynamic-script")
    for line in lines.text.splitlines():
        words = line.split()
        if words and lines.text != ANYTHING.text:
            _judge_redis_words(call, words)


def _judge_redis_words(call: Call, words: list[str]) -> None:
    command = words[0].upper()
    if _REDIS_FLUSH.search(" ".join(words)):
        call.report("B8-flush")
    elif command in _REDIS_HEAVY:
        call.report("C-database-heavy")
    elif command in _REDIS_SUB_READS:
        if len(words) < 2 or words[1].upper() not in _REDIS_SUB_READS[command]:
            call.report("C-database-write")
    elif command not in _REDIS_READS:
        call.report("C-database-write")


def check_mongo(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_MONGO_VALUED)
    scripts = [option.value for option in arguments.options if option.name == "--eval" and option.value is not None]
    if arguments.has("-f", "--file") or any(operand.text.endswith(".js") for operand in arguments.operands):
        call.report("C-script-file")
    if not scripts:
        if call.stdin is None:
            call.report("C-interactive")
            return None
        scripts = [call.stdin]
    for script in scripts:
        if UNKNOWN in script.text:
            call.report("C-dynamic-script", script.text)
        _judge_mongo(call, script.text)
    return None


def _judge_mongo(call: Call, script: str) -> None:
    script = _MONGO_COMMENT.sub(" ", script).replace("?.", ".").replace(".(", "(")
    if _MONGO_SECRETS.search(script):
        call.report("C-secret-read", script)
    if _MONGO_DROPS.search(script):
        call.report("B8-drop-database", script)
        return
    if _MONGO_SHOW.fullmatch(script):
        return
    calls = [name.rpartition(".")[2] for name in _MONGO_CALL.findall(script)]
    commands = _MONGO_COMMAND.findall(script)
    is_reading = (
        not _MONGO_WRITES.search(script)
        and not _MONGO_HIDDEN_CALL.search(script)
        and all(name in _MONGO_READS for name in _MONGO_CALLBACK.findall(script))
        and all(name in _MONGO_READS for name in calls)
        and all(name in _MONGO_COMMANDS for name in commands)
        and len(commands) == sum(name in ("adminCommand", "runCommand") for name in calls)
    )
    if not is_reading:
        call.report("C-database-write", script)


def check_etcd_delete(call: Call) -> Text | None:
    """`etcdctl del`: with a prefix that everything has, nothing is left."""
    arguments = parse_arguments(call.arguments, valued=_ETCD_VALUED)
    is_range = arguments.has("--prefix", "--from-key", "--recursive") or len(arguments.operands) > 1
    first = arguments.operands[0].when_empty if arguments.operands else ""
    is_everything = first in _ETCD_EVERYTHING and (
        arguments.operands[:1] == () or arguments.operands[0].text != UNKNOWN
    )
    call.report("B8-etcd-delete-all" if is_range and is_everything else "C-database-write")
    return None


def check_etcd_get(call: Call) -> Text | None:
    """The keys of Kubernetes hold its secrets."""
    arguments = parse_arguments(call.arguments, valued=_ETCD_VALUED)
    shows_values = not arguments.has("--keys-only", "--count-only")
    texts: Fields = arguments.operands[:1]
    is_range = arguments.has("--prefix", "--from-key") or len(arguments.operands) > 1
    if shows_values and any(
        "/secrets" in text.text or (is_range and _SENSITIVE_PREFIX.startswith(text.when_empty)) for text in texts
    ):
        call.report("C-secret-read")
    return None


def check_etcd_watch(call: Call) -> Text | None:
    """`etcdctl watch`: what stands after `--` runs at every change."""
    texts = call.texts
    if "--" in texts:
        call.report("C-code-runs")
        call.run(call.arguments[texts.index("--") + 1 :])
    if "-i" in texts or "--interactive" in texts:
        call.report("C-interactive")
    return None
