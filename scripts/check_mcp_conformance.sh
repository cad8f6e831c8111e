#!/usr/bin/env bash
# Checks the Kubernetes MCP server with other people's clients: the MCP conformance suite (protocol revisions
# 2025-11-25 and 2026-07-28) and the Inspector's command line (stdio and HTTP, both eras), on the simulated cluster.
#
#   scripts/check_mcp_conformance.sh
#
# Needs npm; Node 24 and the two packages are installed into a scratch folder outside the repository
# (MCP_CHECK_DIR, by default below the user's cache folder). PYTHON names the interpreter. Ends with 1 on any failure.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
scratch=${MCP_CHECK_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ding-robot/mcp-check}
run=$(mktemp -d)
pids=()
failures=0

# Scenarios that need no tools of the suite's own in the server.
scenarios_2025=(server-initialize server-session-lifecycle ping tools-list tools-call-error resources-list prompts-list
    server-sse-multiple-streams dns-rebinding-protection)
scenarios_2026=(server-stateless tools-list tools-call-error resources-list prompts-list server-sse-multiple-streams
    dns-rebinding-protection caching http-header-validation sep-2164-resource-not-found)
# Single checks of server-stateless that call a test tool only the suite's own example server has.
needs_test_tool="sep-2575-server-rejects-undeclared-capability sep-2575-missing-capability-http-400"

stop() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$run"
}
trap stop EXIT

report() { # name, exit status
    if [ "$2" -eq 0 ]; then echo "ok      $1"; else
        echo "FAILED  $1"
        failures=$((failures + 1))
    fi
}

wait_for() { # file, text
    for _ in $(seq 1 200); do
        grep -q "$2" "$1" 2>/dev/null && return 0
        sleep 0.2
    done
    echo "not started: $2" >&2
    cat "$1" >&2
    exit 1
}

install_clients() {
    mkdir -p "$scratch"
    cd "$scratch"
    [ -f package.json ] || npm init -y >/dev/null
    if [ ! -x node_modules/.bin/conformance ] || [ ! -x node_modules/.bin/mcp-inspector ]; then
        echo "installing the clients into $scratch"
        npm install --no-audit --no-fund --loglevel=error node@24 \
            @modelcontextprotocol/conformance@0.2.0-alpha.12 @modelcontextprotocol/inspector@2.12.0
    fi
    export PATH="$scratch/node_modules/.bin:$PATH"
    echo "node $(node --version)"
}

start_servers() {
    cd "$root"
    export KUBECONFIG_PATH="$run/kubeconfig.yaml"
    "$python" -m simulator --port 0 --kubeconfig "$KUBECONFIG_PATH" --scenarios demo >"$run/simulator.log" 2>&1 &
    pids+=($!)
    wait_for "$run/simulator.log" "simulator ready"
    "$python" -m k8s_mcp.server --transport http --port 0 >"$run/server.log" 2>&1 &
    pids+=($!)
    wait_for "$run/server.log" "k8s ready"
    url=$(awk '/^k8s ready/ { print $3 }' "$run/server.log")
}

judge() { # folder with checks.json below it: failed checks, except those that need a test tool
    "$python" - "$1" "$needs_test_tool" <<'PYTHON'
import json, pathlib, sys

folder, excused = pathlib.Path(sys.argv[1]), set(sys.argv[2].split())
checks = [check for path in folder.rglob("checks.json") for check in json.loads(path.read_text())]
failed = [check for check in checks if check["status"] == "FAILURE" and check["id"] not in excused]
for check in failed:
    print("   ", check["id"], check.get("errorMessage") or check.get("description"))
if not checks:
    print("    no checks ran")
skipped = sum(check["status"] == "FAILURE" for check in checks) - len(failed)
print(f"    {sum(check['status'] == 'SUCCESS' for check in checks)} checks passed"
      + (f", {skipped} not applicable (they call a tool of the suite's own server)" if skipped else ""))
sys.exit(bool(failed) or not checks)
PYTHON
}

check_conformance() { # revision, scenarios...
    local revision=$1 scenario status
    shift
    for scenario in "$@"; do
        conformance server --url "$url" --scenario "$scenario" --spec-version "$revision" \
            -o "$run/$revision/$scenario" >"$run/conformance.log" 2>&1 || true
        status=0
        judge "$run/$revision/$scenario" || status=1
        report "conformance $revision $scenario" "$status"
    done
}

inspect() { # leg, further arguments; the answer goes to $run/answer.json
    local leg=$1
    shift
    case $leg in
        stdio) HOME="$run" mcp-inspector --cli "$python" -m k8s_mcp.server --transport stdio \
            -e "KUBECONFIG_PATH=$KUBECONFIG_PATH" -e "PYTHONPATH=$root" "$@" --format json ;;
        http) HOME="$run" mcp-inspector --cli "$url" --transport http "$@" --format json ;;
        *) HOME="$run" mcp-inspector --cli --config "$run/inspector.json" --server "$leg" --stored-auth-only "$@" --format json ;;
    esac >"$run/answer.json" 2>"$run/inspector.log"
}

check_inspector() { # leg
    local leg=$1 status pod tool
    status=0
    inspect "$leg" --method tools/list || status=1
    "$python" -c 'import json, sys
names = [tool["name"] for tool in json.load(open(sys.argv[1]))["result"]["tools"]]
sys.exit(len(names) < 14 or "k8s-get-pods" not in names)' "$run/answer.json" || status=1
    report "inspector $leg tools/list" "$status"
    inspect "$leg" --method tools/call --tool-name k8s-get-pods --tool-args-json '{"namespace":"default"}' || true
    pod=$("$python" -c 'import json, sys
found = json.load(open(sys.argv[1]))["result"]["structuredContent"]
print(found["rows"][-1][found["columns"].index("name")])' "$run/answer.json") || pod=unknown
    for tool in k8s-get-pods k8s-get-services k8s-get-deployments k8s-get-nodes k8s-get-events k8s-top; do
        status=0
        inspect "$leg" --method tools/call --tool-name "$tool" --tool-args-json '{"limit":3}' || status=1
        report "inspector $leg tools/call $tool" "$status"
    done
    status=0
    inspect "$leg" --method tools/call --tool-name k8s-describe-pod --tool-args-json "{\"name\":\"$pod\"}" || status=1
    report "inspector $leg tools/call k8s-describe-pod" "$status"
    status=0
    inspect "$leg" --method tools/call --tool-name k8s-list-clusters --tool-args-json '{"check":true}' || status=1
    report "inspector $leg tools/call k8s-list-clusters" "$status"
    for tool in k8s-describe-resource k8s-get-relations; do
        status=0
        inspect "$leg" --method tools/call --tool-name "$tool" --tool-args-json '{"kind":"svc","name":"web"}' || status=1
        report "inspector $leg tools/call $tool" "$status"
    done
    status=0
    inspect "$leg" --method tools/call --tool-name k8s-get-resources --tool-args-json '{"kind":"deploy"}' || status=1
    report "inspector $leg tools/call k8s-get-resources" "$status"
    status=0
    inspect "$leg" --method tools/call --tool-name k8s-rollout-history --tool-args-json '{"name":"web"}' || status=1
    report "inspector $leg tools/call k8s-rollout-history" "$status"
    status=0
    inspect "$leg" --method tools/call --tool-name k8s-get-logs --tool-args-json "{\"pod\":\"$pod\",\"tail\":3}" || status=1
    report "inspector $leg tools/call k8s-get-logs" "$status"
    status=0
    inspect "$leg" --method tools/call --tool-name k8s-scale-deployment \
        --tool-args-json '{"name":"web","replicas":9}' || status=1
    grep -q '"needs_approval"' "$run/answer.json" || status=1
    report "inspector $leg tools/call k8s-scale-deployment: refused, it cannot ask" "$status"
}

install_clients
start_servers
check_conformance 2025-11-25 "${scenarios_2025[@]}"
check_conformance 2026-07-28 "${scenarios_2026[@]}"
cat >"$run/inspector.json" <<JSON
{"mcpServers": {"modern-http": {"type": "streamable-http", "url": "$url", "protocolEra": "modern"}}}
JSON
check_inspector stdio
check_inspector http
check_inspector modern-http

echo
if [ "$failures" -gt 0 ]; then
    echo "$failures failed"
    exit 1
fi
echo "all passed"
