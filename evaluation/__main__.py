"""`python -m evaluation diagnosis`: how well faults are named. Exit code 1 when anything is missed or made up."""

import argparse
import json
import logging
import sys
from collections.abc import Sequence

from evaluation.reporting import describe_result, describe_trial, to_json
from evaluation.running import try_all
from evaluation.trials import Trial, score
from simulator.world import UnknownScenario, all_scenarios, load_scenarios


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    try:
        scenarios = load_scenarios(options.scenario) if options.scenario else list(all_scenarios())
    except UnknownScenario as error:
        print(f"evaluation: {error}", file=sys.stderr)
        return 2
    trials = try_all(scenarios, tell=_keep_quiet if options.json else _print_trial)
    if options.json:
        print(json.dumps(to_json(trials), ensure_ascii=False, indent=2))
    else:
        print(f"\n{describe_result(trials)}")
    return 0 if score(trials).is_perfect else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evaluation", description="Measure the product on known truths.")
    subjects = parser.add_subparsers(dest="subject", required=True)
    diagnosis = subjects.add_parser("diagnosis", help="every scenario and its healthy twin, diagnosed over HTTP")
    diagnosis.add_argument("--scenario", action="append", metavar="ID", help="only this one (repeatable)")
    diagnosis.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(arguments)


def _print_trial(trial: Trial) -> None:
    print(describe_trial(trial), flush=True)


def _keep_quiet(_: Trial) -> None:
    return


if __name__ == "__main__":
    sys.exit(main())
