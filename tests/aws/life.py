"""The whole life of a warehouse, by the program itself: as a role that may do what `policy` prints, and nothing more."""

import json
import re
import threading
import time

from botocore.exceptions import ClientError

from kit import Failed, Kit, code, trust

SONGS, EVENTS = 40, 120
# Of the caller. What COPY may not read is told as S3ServiceException, and is the warehouse's role's.
DENIED = re.compile(r"^(?!.*S3ServiceException).*(AccessDenied|not authorized to perform)")


def events(out, name):
    found = [line for line in map(json.loads, out.splitlines()) if line["event"] == name]
    if not found:
        raise Failed(f"no event {name} in {out[-400:]}")
    return found[0]


def expect(kit: Kit, wanted, *arguments):
    """Runs the program, again as the caller where the role may not do it: that is a finding (R33)."""
    ended = kit.program(*arguments)
    for as_caller in (False, True):
        denied = next((line for line in ended[2].splitlines() if DENIED.search(line)), None)
        if ended[0] in wanted or not kit.job or not denied:
            break
        if as_caller:
            kit.finding(f"`policy` is too little for {arguments[0]}", "R33", denied.strip())
        else:
            time.sleep(0 if kit.is_quick else 30)  # until the role's policy is in force everywhere (R3)
        ended = kit.program(*arguments, as_caller=as_caller)
    if ended[0] not in wanted:
        raise Failed(f"{arguments[0]} ended with {ended[0]}, not {wanted}: {ended[2].strip()[-800:]}")
    return ended


def data(kit: Kit):
    """A sample in a bucket of this run; the last day of the log comes later."""
    expect(kit, [0], "sample", "data", f"--songs={SONGS}", f"--events={EVENTS}", "--days=3")
    files = sorted(path for path in (kit.home / "data").rglob("*.json") if path.is_file())
    logs = [path for path in files if "log_data" in path.parts]
    kit.late = logs[-1]
    for path in files:
        if path != kit.late:
            upload(kit, path)


def upload(kit: Kit, path):
    key = str(path.relative_to(kit.home / "data"))
    kit.s3.put_object(Bucket=kit.bucket, Key=key, Body=path.read_bytes())


def job(kit: Kit):
    """A role for the program, with just what `policy` prints."""
    policy = json.dumps(json.loads(expect(kit, [0], "policy")[1]), separators=(",", ":"))
    name = f"{kit.stack}-job"
    if kit.caller.endswith(":root") and not kit.is_quick:
        raise Failed("the root user cannot take on a role: the program runs as the root user")
    kit.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": f"arn:{kit.partition}:iam::{kit.account}:root"}))
    kit.patiently(lambda: kit.iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=policy), ["NoSuchEntity"])
    take_on = lambda: kit.sts.assume_role(RoleArn=kit.role_arn(name), RoleSessionName="kit", DurationSeconds=3600)
    answer, took = kit.patiently(take_on, ["AccessDenied"])
    kit.take_on(answer["Credentials"], lambda: take_on()["Credentials"])
    kit.finding("a new role can be taken on", "R3", f"{len(policy)} characters of policy", took)
    # Its policy reaches the services later than the role.
    time.sleep(0 if kit.is_quick else 15)


class Watcher(threading.Thread):
    """Asks how the cluster fares while the program brings it up."""

    def __init__(self, kit):
        super().__init__(daemon=True)
        self.kit, self.seen, self.is_over = kit, [], threading.Event()
        self.redshift = kit.client("redshift")

    def run(self):
        begun = time.monotonic()
        while not self.is_over.wait(0.05 if self.kit.is_quick else 1):
            try:
                cluster = self.redshift.describe_clusters(ClusterIdentifier=self.kit.stack)["Clusters"][0]
                roles = ",".join(role["ApplyStatus"] for role in cluster.get("IamRoles", []))
                state = f"{cluster['ClusterStatus']}/{cluster.get('ClusterAvailabilityStatus')}/{roles}"
            except ClientError as error:
                state = code(error)
            except Exception:
                continue
            if not self.seen or self.seen[-1][1] != state:
                self.seen.append((round(time.monotonic() - begun, 1), state))

    def end(self, what):
        self.is_over.set()
        self.join(90)
        steps = ", ".join(f"{state} at {seconds} s" for seconds, state in self.seen)
        self.kit.finding(f"states of the cluster during {what}", "R14, R16, finding 4", steps or "none seen")


def up(kit: Kit):
    expect(kit, [5], "plan", "--detailed-exitcode")
    expect(kit, [6], "status")
    watcher = Watcher(kit)
    watcher.start()
    begun = time.monotonic()
    try:
        expect(kit, [0], "up", f"--expires={kit.options.minutes + 60}m")
    finally:
        watcher.end("up")
    kit.finding("up", "R44", "ready", time.monotonic() - begun)
    kit.is_up = True
    again = expect(kit, [0], "up")
    if "nothing to do" not in again[2]:
        raise Failed(f"a second `up` has something to do: {again[2][-400:]}")
    expect(kit, [0], "status")


def count(kit: Kit, table):
    out = expect(kit, [0], "query", "--format=csv", f"select count(*) as n from {table}")[1]
    return int(out.split()[-1])


def load(kit: Kit):
    loaded = events(expect(kit, [0], "load", "--output=json")[1], "loaded")
    staged = {source["source"]: source["staged"] for source in loaded["sources"]}
    early = EVENTS - len(kit.late.read_text().splitlines())
    if staged != {"songs": SONGS, "events": early} or count(kit, "staging_events") != early:
        raise Failed(f"{staged} were staged, of {SONGS} songs and {early} events")
    kit.finding("load", "R25, R44", f"{staged} staged, as many as there are", loaded["seconds"])
    expect(kit, [0], "load", "--check")


def query(kit: Kit):
    if not expect(kit, [0], "query", "top-songs", "--format=csv")[1].strip():
        raise Failed("top-songs has no answer")
    plays = count(kit, "songplays")
    if plays == 0:
        raise Failed("songplays is empty")
    kit.finding("query", "R13", f"{plays} plays")


def append(kit: Kit):
    upload(kit, kit.late)
    ended = kit.program("load", "--mode=append", "--output=json")
    if ended[0] != 0:
        # The role's policy is that of `replace`, until `up` writes the one that an append needs.
        kit.finding("an append after an `up` for `replace`", "R4", f"ended with {ended[0]}: {ended[2].strip().splitlines()[-1]}")
        config = kit.home / "infra.toml"
        config.write_text(config.read_text() + '\n[load]\nmode = "append"\n')
        expect(kit, [0], "up")
        ended, _ = kit.wait(lambda: done if (done := kit.program("load", "--output=json"))[0] == 0 else None)
        if not ended:
            raise Failed("`load` does not append after `up` wrote the role's policy")
        config.write_text(config.read_text().replace('mode = "append"', 'mode = "replace"'))
    loaded = events(ended[1], "loaded")
    known = {source["source"]: source["known"] for source in loaded["sources"]}
    if count(kit, "staging_events") != EVENTS:
        raise Failed(f"staging_events has not {EVENTS} rows after the append; known were {known}")
    kit.finding("append", "R3", f"objects that were loaded before: {known}", loaded["seconds"])


def drift(kit: Kit):
    """A role without its policy, a bucket without its own: `plan` sees it, `up` repairs it."""
    role, bucket = f"{kit.stack}-warehouse", f"{kit.stack}-{kit.account}-{kit.region}"
    for policy in kit.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        kit.iam.delete_role_policy(RoleName=role, PolicyName=policy)
    kit.s3.delete_bucket_policy(Bucket=bucket, ExpectedBucketOwner=kit.account)
    seen, took = kit.wait(lambda: True if kit.program("plan", "--detailed-exitcode")[0] == 5 else None)
    if not seen:
        raise Failed("`plan` does not see that policies are gone")
    expect(kit, [0], "up")
    repaired, _ = kit.wait(lambda: True if kit.program("plan", "--detailed-exitcode")[0] == 0 else None)
    if not repaired:
        raise Failed("`plan` has something to do after `up` repaired the policies")
    kit.finding("drift is seen and repaired", "R35", "the role's and the bucket's policy", took)


def rejected(kit: Kit):
    """A row that COPY rejects ends a load; with MAXERROR the rest is loaded, and the row is told."""
    bad = kit.home / "data/song_data/A/A/A/rejected.json"
    bad.parent.mkdir(parents=True, exist_ok=True)
    bad.write_text('{"song_id":"REJECTED","title":"t","artist_id":"a","artist_name":"n","year":"no year","num_songs":1,"duration":1.5}\n')
    upload(kit, bad)
    refused = expect(kit, [1, 4], "load")
    if "rejected.json" not in refused[2]:
        raise Failed(f"the error does not name the file: {refused[2][-600:]}")
    copy = kit.home / "sql/copy/staging_songs.sql"
    copy.write_text(copy.read_text().replace("format as json 'auto'", "format as json 'auto'\nmaxerror 5"))
    loaded = events(expect(kit, [0], "load", "--output=json")[1], "loaded")
    source = next(source for source in loaded["sources"] if source["source"] == "songs")
    if (source["staged"], source["rejected"]) != (SONGS, 1):
        raise Failed(f"{source['staged']} staged and {source['rejected']} rejected, not {SONGS} and 1")
    where = json.dumps(source["rejections"])
    if "rejected.json" not in where:
        raise Failed(f"the rejected row is told without its file: {where}")
    kit.finding("rejected rows", "R39, C17", "the file and the line of the row are told")


def down(kit: Kit):
    dry = expect(kit, [0], "down", "--dry-run")
    kit.is_up = False
    watcher = Watcher(kit)
    watcher.start()
    begun = time.monotonic()
    try:
        expect(kit, [0], "down", "--yes")
    finally:
        watcher.end("down")
    kit.finding("down", "R14", f"nothing left; the dry run named {len(dry[1].splitlines())} lines", time.monotonic() - begun)
    expect(kit, [6], "status")
