"""The whole life of a warehouse on AWS, and the questions that docs/aws-rules.md leaves open, within a budget and with
nothing left: docs/aws-kit.md. Needs boto3, the program, and credentials as the AWS CLI takes them."""

import argparse
import json
import os
import pathlib
import re
import secrets
import signal
import sys
import tempfile
import urllib.parse

from botocore.exceptions import BotoCoreError, ClientError

import account
import life
import statements
from kit import ROOT, Kit, Stopped

# List price of an ra3.large for an hour, in us-east-1 in 2026, and what a few thousand requests and three secrets cost.
NODE_HOUR, THE_REST = 0.543, 0.05
NAME = r"kit-[0-9a-f]{8}"

# Each with what has to be there: `up` the cluster, `sql` a Data API that runs statements.
STEPS = [
    (account.data_bucket, None), (account.roles_for_copy, None), (account.linked_role, None), (account.subnet_group, None),
    (account.orderable, None), (account.bucket_is_there, None), (account.role_is_there, None),
    (account.action_of_create_bucket, None), (life.data, None), (life.job, None), (life.up, None), (account.linked_role, "up"),
    (account.subnet_group, "up"), (account.cluster, "up"), (statements.answers_sql, "up"), (life.load, "sql"),
    (life.query, "sql"), (life.append, "sql"), (life.drift, "up"), (life.rejected, "sql"), (account.attach, "up"),
    (statements.counts, "sql"), (statements.source_account, "sql"), (statements.words, "sql"), (statements.another_region, "sql"),
    (statements.identity, "sql"), (statements.client_token, "sql"), (life.down, "up"), (account.after, None),
    (account.secret_is_listed, None),
]


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=lambda path: pathlib.Path(path).resolve(), help="sparkify-infra; default: the one of PATH or target/")
    parser.add_argument("--region", default="us-west-2")
    parser.add_argument("--minutes", type=int, default=75, help="when this time is over, everything is torn down (%(default)s)")
    parser.add_argument("--patience", type=float, default=120, help="seconds that an answer is waited for that may lag (%(default)s)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("aws-kit"), help="where report and recording go (%(default)s)")
    parser.add_argument("--yes", action="store_true", help="do not ask whether to spend this")
    parser.add_argument("--stack", default=f"kit-{secrets.token_hex(4)}", help="what everything is named by; chosen anew for each run")
    parser.add_argument("--tear-down", metavar="STACK", help="only delete what a run of this name left")
    chosen = parser.parse_args()
    chosen.stack = chosen.tear_down or chosen.stack
    if not re.fullmatch(NAME, chosen.stack):
        parser.error(f"a run's name is kit- and eight hexadecimal digits, not '{chosen.stack}'")
    if not 10 <= chosen.minutes <= 180:
        parser.error("--minutes is 10 to 180: a cluster takes some minutes to come and to go")
    if chosen.region == "us-east-1":
        parser.error("not in us-east-1: CreateBucket has another form there (R30), and the recordings would be of no use elsewhere")
    found = [ROOT / f"target/{build}/sparkify-infra" for build in ("release", "debug")]
    found += [pathlib.Path(folder, "sparkify-infra") for folder in os.environ.get("PATH", "").split(os.pathsep)]
    chosen.program = chosen.program or next((path for path in found if path.exists()), None)
    if not chosen.program or not chosen.program.exists():
        parser.error("no sparkify-infra found: build it, or name it with --program")
    return chosen


def agreed(kit, chosen):
    """States what a run makes and costs at most, and asks."""
    hours = (chosen.minutes + 30) / 60
    kit.say(
        f"This creates, in account {kit.account}, region {kit.region}, everything under the name {kit.stack}:\n"
        f"  a cluster of one ra3.large, for {chosen.minutes} minutes at most and the time that its end takes;\n"
        f"  up to five buckets with some {life.SONGS + 10} small objects, eight roles, two secrets.\n"
        f"It costs at most about {hours * NODE_HOUR + THE_REST:.2f} USD (list price in us-east-1), most likely half of that.\n"
        f"AWS keeps what it made for its own use: the role AWSServiceRoleForRedshift and the subnet group `default`.\n"
        f"Everything else is deleted at the end, also after a failure, Ctrl-C or SIGTERM. After a kill -9 or a power cut:\n"
        f"  python3 {sys.argv[0]} --region {kit.region} --tear-down {kit.stack}"
    )
    host = urllib.parse.urlsplit(kit.endpoint or "").hostname
    if host in ("127.0.0.1", "localhost", "::1"):
        kit.say(f"The server at {kit.endpoint} is none of AWS's: it costs nothing.")
        return True
    if chosen.yes or not sys.stdin.isatty():
        if not chosen.yes:
            kit.say("Nothing is done without a terminal and without --yes.")
        return chosen.yes
    return input(f"Type {kit.stack} to go on: ").strip() == kit.stack


def stop_on_signals(kit, minutes):
    """The first ends the run, which is torn down then; what comes after it changes nothing."""
    begun = []

    def stop(number, _):
        if begun:
            kit.say("It is being torn down. Please wait: a cluster takes some minutes to go.")
        else:
            begun.append(number)
            raise Stopped(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, stop)
    signal.alarm(minutes * 60)
    return begun


def live(kit, failed, signals):
    """Goes through the steps; names those that failed."""
    for step, needs in STEPS:
        if signals:  # whose exception was lost, as it is in a destructor
            raise Stopped(signal.Signals(signals[0]).name)
        name = f"{step.__module__}.{step.__name__}"
        if needs == "up" and not kit.is_up or needs == "sql" and not (kit.has_sql and kit.is_up):
            kit.say(f"-- {name}: left out, it needs {'a cluster' if needs == 'up' else 'a Data API that runs statements'}")
            kit.findings.append({"what": name, "rule": "", "answer": "left out", "seconds": None})
            continue
        kit.say(f"-- {name}: {step.__doc__ or ''}".rstrip())
        kit.recorder.comment((step.__doc__ or name).splitlines()[0])
        try:
            step(kit)
        except Exception as error:  # whatever it is, the other questions are asked, and everything is torn down
            failed.append(name)
            kit.finding(f"{name} FAILED", "", f"{type(error).__name__}: {error}")


def write(kit, chosen, failed, left, end):
    chosen.out.mkdir(parents=True, exist_ok=True)
    what = "AWS" if not kit.endpoint else "a stand-in"
    header = [
        f"Recorded from {what} by tests/aws/run.py (docs/aws-kit.md). Names, account, region and numbers of the caller's own are replaced.",
    ]
    (chosen.out / "aws-kit.txt").write_text(kit.recorder.text(header))
    shown = {"ended": end, "failed": failed, "left": [kit.recorder.scrubber.answer(line) for line in left], "findings": kit.findings}
    (chosen.out / "report.json").write_text(json.dumps(shown, indent=1) + "\n")
    rows = [f"| {f['what']} | {f['rule']} | {f['answer']} | {'' if f['seconds'] is None else f['seconds']} |".replace("\n", " ") for f in kit.findings]
    lines = [f"# What {what} answered", "", f"{end}. Failed: {', '.join(failed) or 'nothing'}. Left: {', '.join(shown['left']) or 'nothing'}.", ""]
    (chosen.out / "report.md").write_text("\n".join([*lines, "| what | rule | answer | s |", "|---|---|---|---|", *rows, ""]))
    log = (kit.home / "log").read_text().splitlines() if (kit.home / "log").exists() else []
    (chosen.out / "log").write_text("".join(kit.recorder.scrubber.answer(line) + "\n" for line in log))
    kit.say(f"{len(kit.findings)} findings in {chosen.out}/report.md, {len(kit.recorder.lines)} lines in {chosen.out}/aws-kit.txt")
    if kit.recorder.dropped:
        kit.say(f"left out of the recording, since they would have named the account's own: {sorted(set(kit.recorder.dropped))}")


def main():
    chosen = options()
    with tempfile.TemporaryDirectory(prefix="sparkify-kit-") as home:
        try:
            kit = Kit(chosen, pathlib.Path(home))
        except (ClientError, BotoCoreError, AttributeError) as error:
            sys.exit(f"no credentials that AWS takes: {error}")
        kit.is_up = kit.has_sql = False
        if chosen.tear_down:
            left = kit.tear_down()
            if left:
                print(f"LEFT, delete it by hand: {left}", file=sys.stderr)
            sys.exit(3 if left else 0)
        if not agreed(kit, chosen):
            sys.exit(7)
        signals, failed, end = stop_on_signals(kit, chosen.minutes), [], "It went to its end"
        try:
            kit.project()
            live(kit, failed, signals)
        except Stopped as stopped:
            end = "Its time was over" if signals == [signal.SIGALRM] else f"It was stopped by {stopped}"
        finally:
            # Whatever comes from here on must not keep anything from being deleted.
            signals.append(0)
            kit.say("-- tearing down")
            left = kit.tear_down()
            write(kit, chosen, failed, left, end)
        if left:
            kit.say("\n  ".join(["LEFT, and it costs money: try again with --tear-down, or delete it by hand:", *left]))
            sys.exit(3)
        stopped = [number for number in signals if number]
        sys.exit(128 + stopped[0] if stopped else 1 if failed else 0)


if __name__ == "__main__":
    main()
