"""What a service answered, field by field, in the form of tests/recorded/*.txt: a line for the call, under it the fields
of its answer with their types. Values are written only of the fields that a question names, and never an account, a
name, a key, a host or the id of a request."""

import contextlib
import json
import re
import urllib.parse
import xml.etree.ElementTree as xml

ACCOUNT, REGION, STACK = "000000000000", "us-west-2", "facts"
# Says in a value that anything may stand there.
ANY = "(any)"
# Words of the protocols: their values say what was answered, and nothing of who asked.
OPEN = {"status", "Status", "Error", "Error.Code", "Error.Message", "Error.Type", "__type", "message", "Message", "HasResultSet"}
# Of a call to S3: what it wants beside its body.
HEADERS = ["x-amz-object-ownership"]
# What a later call may name.
REMEMBERED = {"Id", "SessionId", "MasterPasswordSecretArn"}
ENVELOPE = ("ResponseMetadata", "RequestId", "HostId", "RequestID", "Error.RequestId", "Error.HostId")
FORBIDDEN = [
    r"(?<!\d)(?!0{12})\d{12}(?!\d)",
    r"(?<![A-Z0-9])(AKIA|ASIA|AROA|AIDA|ANPA|AGPA)[A-Z0-9]{8,}",
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    r"(?<!\d)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\d)",
    r"[\w.-]+\.(redshift|redshift-serverless|compute|s3)[\w.-]*\.amazonaws\.com",
    r"-----BEGIN|X-Amz-(Signature|Credential|Security-Token)",
]


def text(value):
    return value.decode(errors="replace") if isinstance(value, bytes) else value


class Scrubber:
    """Replaces what is the account's own by what the stand-in has."""

    def __init__(self, account, region, stack, secrets):
        self.own = [(stack, STACK), (account, ACCOUNT), (region, REGION)]
        # Words that must not be in any recording: the caller's name, keys, tokens.
        self.secrets = [secret for secret in secrets if secret and len(secret) > 4]

    def own_names(self, text):
        for real, written in self.own:
            text = text.replace(real, written)
        return text

    def answer(self, text):
        """A value of an answer, in one line."""
        text = self.own_names(text)
        text = re.sub(r"IAM(R?):[^\s\"',)]+", rf"IAM\1:{ANY}", text)
        text = re.sub(r"arn:[^\s\"',)]+", lambda arn: arn[0] if STACK in arn[0] or ":iam::aws:" in arn[0] else ANY, text)
        text = re.sub(r"/tmp/[\w./-]+", ANY, text)
        for secret in self.secrets:
            text = text.replace(secret, ANY)
        for pattern in FORBIDDEN:
            text = re.sub(pattern, ANY, text)
        return " ".join(text.split())

    def leak(self, text):
        """What of a text must not leave the account, if there is anything."""
        own = [real for real, written in self.own if real != written and real in text]
        found = (re.search(pattern, text) for pattern in FORBIDDEN)
        return next(iter(own + [secret for secret in self.secrets if secret in text] + [hit[0] for hit in found if hit]), None)


def flatten_json(value, path=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flatten_json(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from flatten_json(inner, path)
    elif value is not None:
        yield path, value


def flatten_xml(element, parents=()):
    """As tests/it/recorded.rs does: without the frame of an answer and the names of list members."""
    name = element.tag.rsplit("}", 1)[-1]
    parent = parents[-1][0] if parents else ""
    frame = not parents and name.endswith("Response") or len(parents) == 1 and parent.endswith("Response") and name.endswith("Result")
    plural = parent in (f"{name}s", f"{name}Set") or (parent, name) == ("IamRoles", "ClusterIamRole")
    here = (*parents, (name, not (frame or name == "member" or plural)))
    if len(element):
        for inner in element:
            yield from flatten_xml(inner, here)
    else:
        yield ".".join(name for name, is_shown in here if is_shown), element.text or ""


def kind(value, is_json):
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if not isinstance(value, str) or not value:
        return "list"
    if is_json:
        return "text"
    if value in ("true", "false"):
        return "bool"
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return "number"
    return "time" if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value) else "text"


class Recorder:
    """Writes down the calls of the clients that it is attached to, while a question keeps them."""

    def __init__(self, scrubber):
        self.scrubber, self.lines, self.dropped = scrubber, [], []
        self.kept, self.sent, self.names = None, None, {}
        # The heading that stands before the next call, and the operations whose fields are written down already.
        self.heading, self.described = None, set()

    def attach(self, client, who=""):
        client.meta.events.register("before-send", lambda request, **_: self._send(request))
        client.meta.events.register("after-call", lambda http_response, model, **_: self._answer(http_response, model, who))
        return client

    def _send(self, request):
        body = request.body or b""
        if hasattr(body, "read"):
            start, body = body.tell(), body.read()
            request.body.seek(start)
        self.sent = request, text(body)

    def _answer(self, response, model, who):
        if self.kept is not None:
            self.kept.append((who, model, *self.sent, response.status_code, response.content))

    def comment(self, text):
        self.heading = text

    def point(self):
        return len(self.lines), set(self.described)

    def back_to(self, point):
        """Forgets what was recorded since: of what is tried again, the last time counts."""
        del self.lines[point[0]:]
        self.described = set(point[1])

    def setup(self, line):
        """A call that the program made, without which the stand-in could not answer those that follow."""
        self._write([line])

    @contextlib.contextmanager
    def keep(self, *values, number=None):
        """Records the last call of what is done meanwhile, with the values of these fields; of the field `number` only
        values of no statement: 0 and less."""
        self.kept = []
        try:
            yield
        finally:
            kept, self.kept = self.kept, None
            if kept:
                self._write(self._facts(*kept[-1], values, number))

    def _call(self, who, model, request, body):
        service = model.service_model.signing_name
        url = urllib.parse.urlsplit(request.url)
        if service == "s3":
            headers = " ".join(f"{name}:{text(request.headers[name])}" for name in HEADERS if name in request.headers)
            line = " ".join(filter(None, [request.method, url.path + ("?" + url.query if url.query else ""), headers, body]))
        elif "X-Amz-Target" in request.headers:
            target = text(request.headers["X-Amz-Target"])
            fields = json.loads(body)
            # The SDK makes one for each call (R23).
            if not fields.get("ClientToken", "").startswith(self.scrubber.own[0][0]):
                fields.pop("ClientToken", None)
            line = f"{target.split('.')[-1]} {json.dumps(fields, separators=(',', ':'), sort_keys=True)}"
        else:
            fields = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
            del fields["Version"]
            line = " ".join(f"{name}={value}" for name, value in fields.items())
        for value, name in self.names.items():
            line = line.replace(value, "${" + name + "}")
        return f"{who}{service} {self.scrubber.own_names(line)}".replace("\n", "")

    def _facts(self, who, model, request, sent, status, content, values, number):
        is_json = "X-Amz-Target" in request.headers
        lines = [self._call(who, model, request, sent), f"  status = {status}"]
        body, answered = content.strip(), {}
        fields = (flatten_json(json.loads(body)) if is_json else flatten_xml(xml.fromstring(body))) if body else ()
        for path, value in fields:
            if path and path.split(".")[0] not in ENVELOPE and path not in ENVELOPE:
                answered.setdefault(path, []).append(value)
        if model.name == "AssumeRole":
            return [*lines, "  Credentials.AccessKeyId text"] if status == 200 else lines
        # Fields and types once for an operation, values each time. How far a statement is when it was submitted is chance.
        is_new = status < 300 and model.name not in self.described
        self.described |= {model.name} if is_new else set()
        is_open = lambda path: (path in OPEN or path in values) and (path, model.name[-16:]) != ("Status", "ExecuteStatement")
        for path, found in answered.items():
            fact = self._fact(path, found, is_json, is_open(path), path == number)
            lines += [line for line in fact if is_new or " = " in line or " as " in line]
        asked = [path for path in (*values, *filter(None, [number])) if not path.startswith(("Records.", "SubStatements."))]
        return lines + [f"  {path} absent" for path in asked if path not in answered and status < 300]

    def _fact(self, path, found, is_json, is_open, is_number):
        if re.search(FORBIDDEN[2], path):
            return [f"  {path.rsplit('.', 1)[0]} list"]
        leaf = path.split(".")[-1]
        if leaf in REMEMBERED and path in (leaf, f"Clusters.{leaf}") and len(found) == 1 and len(str(found[0])) > 20 and found[0] not in self.names:
            self.names[found[0]] = f"{leaf}{len(self.names) + 1}"
            return [f"  {path} text", f"  {path} as {self.names[found[0]]}"]
        if is_open or is_number and all(value <= 0 for value in found):
            texts = [value if isinstance(value, str) else json.dumps(value) for value in found]
            scrubbed = list(dict.fromkeys(self.scrubber.answer(text) for text in texts if text))
            if scrubbed:
                return [f"  {path} = {text}" for text in scrubbed]
        kinds = {kind(value, is_json) for value in found}
        if len(kinds) > 1:
            kinds = {"list" if "list" in kinds or not all(isinstance(value, str) for value in found) else "text"}
        return [f"  {path} {kinds.pop()}"]

    def _write(self, lines):
        if self.heading and not self.scrubber.leak(self.heading):
            self.lines += ["", f"# {self.heading}"]
        self.heading = None
        for line in lines:
            if self.scrubber.leak(line):
                self.dropped.append(line.split(" ", 3)[2 if line.startswith("  ") else 0])
                if not line.startswith("  "):
                    return  # A call that cannot be written has no facts.
            else:
                self.lines.append(line)

    def text(self, header):
        return "\n".join([*(f"# {line}" for line in header), *self.lines, ""])
