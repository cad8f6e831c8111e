"""Commands on a simulated host print what the same commands print on this machine: columns, headers, exit codes."""

import re
import shutil
import subprocess
import time

import pytest

from simulator.hosts.estate.fleet import Fleet
from tests.fakes.simulated_host import run_now

# What the two sides print differs in numbers and names, never in these.
SAME_HEADERS = [
    "df -kP",
    "df -kPi",
    "df -h",
    "df -i",
    "df -T /",
    "free",
    "free -m",
    "ps aux",
    "ps -ef",
    "ps -eo pid,ppid,user:32,stat,pcpu,rss,etime,args",
    "ps -eo pid,stat,comm --sort=-pcpu",
    "netstat -tln",
    "vmstat",
]
SAME_STATUS = [
    "true",
    "false",
    "nosuchcommand",
    "nosuchcommand 2>/dev/null || true",
    "ls /nosuch",
    "cat /nosuch",
    "grep root /etc/passwd",
    "grep -q nosuchuser /etc/passwd",
    "grep x /nosuch",
    "df --nosuch",
    "ls --nosuch",
    "kill -0 999999",
    "kill nonsense",
    "test -d /etc && test ! -f /etc",
    "[ 1 -gt 2 ]",
    "exit 7",
    "(exit 3); echo $?",
    "sh -c 'exit 4'",
    "timeout 5 true",
    "timeout 5 nosuchcommand",
    "pgrep nosuchprocess",
    "rm /nosuch",
    "rm -f /nosuch",
    "cd /nosuch",
    "echo 'unterminated",
    "if true; then",
    "false | true",
    "true | false",
    "/nosuch/program",
]
SAME_OUTPUT = [
    "echo a  b 'c  d' \"e  f\"",
    "printf '%s-%03d\\n' a 7 b 8",
    "x='a b'; for w in $x; do echo $w; done; echo \"$x\"",
    "echo {a,b}{1..3} ${UNSET:-default} ${UNSET-}",
    "f=/var/log/syslog.1; echo ${f##*/} ${f%.*} ${f%%/*} ${#f}",
    'set -- one two three; echo $# $2 "$@"; shift; echo $*',
    "echo $((3 * (4 + 5) % 7)) $((1 << 4))",
    "printf 'b\\na\\nb\\n' | sort | uniq -c | sort -rn",
    "printf 'a:b:c\\nd:e:f\\n' | cut -d: -f2 | tr a-z A-Z",
    "printf 'one\\ntwo\\nthree\\n' | sed -n '2p;$p'",
    "printf 'one\\ntwo\\nthree\\n' | sed 's/o/0/g'",
    "printf 'one\\ntwo\\nthree\\n' | head -n 2 | tail -n 1",
    "printf '1 x\\n22 y\\n' | awk '{print $2, $1}'",
    "printf '1 x\\n22 y\\n' | awk '$1 > 5 {print $2}'",
    "printf 'a b c\\n' | wc -w",
    "printf 'x\\ny\\n' | while read -r line; do echo \"<$line>\"; done",
    "case hello in h*) echo starts;; *) echo other;; esac",
    "n=0; while [ $n -lt 3 ]; do n=$((n + 1)); done; echo $n",
    'say() { echo "said $1"; return 3; }; say hi; echo $?',
    "cat <<END\nhome of $USER_NOT_SET is ~\nEND",
    "cat <<END | grep b\na $((1 + 2))\nb $((3 * 4)) $(echo inner)\nEND\necho after",
    "cat <<'END' && echo then\nliteral $HOME $((1 + 2))\nEND",
    "! false && echo negated",
    "{ echo out; echo err >&2; } 2>&1 | sort",
    "echo hidden > /dev/null; echo shown 2>/dev/null",
    "echo $(echo inner $(echo deeper))",
    "printf 'a b\\nc d\\n' | xargs -n 1 echo item",
    "echo 'x=1' | grep -oE '[0-9]+'",
    "basename /var/log/messages .log; dirname /var/log/messages",
    "seq 3 | tac",
    "[ -r /etc/passwd ] && [ ! -d /etc/passwd ] && echo file",
    'echo "status $?"; false; echo "status $?"',
    "tr -d '\\n' <<< 'joined'",
    'echo "quoted \\$HOME \\"inside\\""',
    "true && echo yes || echo no; false && echo yes || echo no",
    "a=1; (a=2; echo $a); echo $a",
    "for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done",
]


def on_this_machine(command: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    bash = ["bash", "--norc", "-c", command]
    return subprocess.run(bash, capture_output=True, text=True, timeout=30, check=False, env=environment)


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return Fleet(now=time.time)


@pytest.mark.parametrize("command", SAME_OUTPUT)
def test_the_shell_computes_what_bash_computes(fleet: Fleet, command: str) -> None:
    real = on_this_machine(command)

    simulated = run_now(fleet.get("db-1"), command)

    assert simulated.stdout == real.stdout
    assert simulated.status == real.returncode


@pytest.mark.parametrize("command", SAME_STATUS)
def test_commands_succeed_and_fail_with_the_same_exit_code(fleet: Fleet, command: str) -> None:
    real = on_this_machine(command)

    simulated = run_now(fleet.get("db-1"), command)

    assert simulated.status == real.returncode
    assert bool(simulated.stderr) == bool(real.stderr)


@pytest.mark.parametrize("command", SAME_HEADERS)
def test_tables_have_the_same_columns(fleet: Fleet, command: str) -> None:
    program, *_ = command.split()
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")
    real = on_this_machine(command).stdout.splitlines()

    simulated = run_now(fleet.get("db-1"), command).stdout.splitlines()

    assert heading(simulated) == heading(real)


def heading(lines: list[str]) -> list[str]:
    """The words of the line that names the columns; `ps` calls a terminal TTY or TT, by its version."""
    line = next(line for line in lines if re.search(r"[A-Za-z]{3}", line))
    return ["TT" if word == "TTY" else word for word in line.split()]


def test_every_row_of_a_table_can_be_read_like_the_real_one(fleet: Fleet) -> None:
    rows = run_now(fleet.get("db-1"), "df -kP").stdout.splitlines()[1:]

    assert all(re.fullmatch(r"\S+ +\d+ +\d+ +\d+ +\d+% /\S*", row) for row in rows)
