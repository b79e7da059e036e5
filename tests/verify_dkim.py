"""An independent judge of our signatures and of MIME: dkimpy and Python's own mail reader.

usage: verify_dkim.py RECORDS.json MESSAGE.eml...
       verify_dkim.py --received RECORDS.json <MESSAGES

RECORDS.json maps DNS names to TXT values. Every signature of every message must hold, and must break when anything is
changed or added that a reader or a mail program looks at. Exits 0 and prints what was judged, or fails saying why.

With --received the many messages of one sending are judged as they arrived, one after the other, until standard input
ends: their signatures hold, and no part and no field has a defect. Each comes behind a line with its length in octets,
and `whole` where what a mail program makes of it is to be told as well; the answer is a line of JSON.
"""

import email
import email.policy
import functools
import json
import sys

import dkim

RECEIVED = sys.argv[1] == "--received"
RECORDS_FILE, *MESSAGES = sys.argv[2 if RECEIVED else 1:]
RECORDS = {name.encode() + b".": value.encode() for name, value in json.load(open(RECORDS_FILE)).items()}


def look_up(name, timeout=5):
    return RECORDS.get(name)


class Remembering(email.policy.EmailPolicy):
    """Reads a field once that is the same in every mail: a subject with everything nasty in it takes its time."""

    @functools.lru_cache(maxsize=1000)
    def header_fetch_parse(self, name, value):
        return super().header_fetch_parse(name, value)


POLICY = Remembering()


def holds(message, index):
    try:
        return dkim.DKIM(message).verify(idx=index, dnsfunc=look_up)
    except dkim.DKIMException:
        return False


def changes(message):
    """What somebody on the way might try, each with the message it makes."""
    head, body = message.split(b"\r\n\r\n", 1)
    yield "a word of the body", message.replace(b"Voorbeeldstraat", b"Voorbeeldweg", 1)
    yield "text behind the body", message + b"More.\r\n"
    names = {line.split(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in b" \t"}
    for name in [b"From", b"To", b"Cc", b"Subject", b"Date", b"Message-ID", b"Reply-To", b"List-Unsubscribe",
                 b"List-Unsubscribe-Post", b"List-Id", b"Feedback-ID", b"Auto-Submitted", b"MIME-Version",
                 b"Content-Type"]:
        yield f"a second or new {name.decode()}", name + b": x\r\n" + message
        yield f"the same behind the others: {name.decode()}", head + b"\r\n" + name + b": x\r\n\r\n" + body
        if name.lower() in names:
            yield f"without {name.decode()}", b"\r\n".join(fields_without(head, name)) + b"\r\n\r\n" + body


def fields_without(head, name):
    dropping = False
    for line in head.split(b"\r\n"):
        if line[:1] not in b" \t":
            dropping = line.lower().startswith(name.lower() + b":")
        if not dropping:
            yield line


def sound(message):
    """What Python's reader makes of a message, without a defect anywhere."""
    parsed = email.message_from_bytes(message, policy=POLICY)
    for part in parsed.walk():
        assert not part.defects, part.defects
        for name, value in part.items():
            assert not value.defects, (name, value, value.defects)
    return parsed


def judge(path):
    message = open(path, "rb").read()
    parsed = sound(message)
    signatures = len(parsed.get_all("DKIM-Signature"))
    for index in range(signatures):
        assert holds(message, index), f"{path}: signature {index} does not hold"
        assert holds(b"Received: from a by b\r\n" + message, index), f"{path}: a trace field breaks signature {index}"
        for what, changed in changes(message):
            assert changed != message and not holds(changed, index), f"{path}: signature {index} survives {what}"
    return signatures


def read(message, whole):
    parsed = sound(message)
    signed = dkim.DKIM(message)
    signatures = len(parsed.get_all("DKIM-Signature"))
    for index in range(signatures):
        assert signed.verify(idx=index, dnsfunc=look_up), f"signature {index} does not hold"
    names = [name.lower() for name in parsed.keys() if name.lower() != "dkim-signature"]
    assert len(names) == len(set(names)), f"a field stands there more than once: {sorted(names)}"
    text, html = parsed.get_body(["plain"]), parsed.get_body(["html"])
    found = {"signatures": signatures, "to": parsed["To"].addresses[0].addr_spec}
    contents = text.get_content(), html.get_content() if html else None
    if whole:
        found["subject"] = parsed["Subject"]
        found["from"] = parsed["From"].addresses[0].display_name
        found["text"], found["html"] = contents
    return found


if RECEIVED:
    while head := sys.stdin.buffer.readline():
        length, _, asked = head.decode().rstrip("\n").partition(" ")
        print(json.dumps(read(sys.stdin.buffer.read(int(length)), asked == "whole")), flush=True)
else:
    print(json.dumps({path: judge(path) for path in MESSAGES}))
