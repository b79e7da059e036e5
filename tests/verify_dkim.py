"""An independent judge of our signatures and of MIME: dkimpy and Python's own mail reader.

usage: verify_dkim.py [--received] RECORDS.json MESSAGE.eml...

RECORDS.json maps DNS names to TXT values. Every signature of every message must hold, and must break when anything is
changed or added that a reader or a mail program looks at. Exits 0 and prints what was judged, or fails saying why.

With --received the many messages of one sending are judged as they arrived: their signatures hold, no part and no field
has a defect, and what a mail program makes of them is printed, a line of JSON each.
"""

import email
import email.policy
import json
import sys

import dkim

RECEIVED = sys.argv[1] == "--received"
RECORDS_FILE, *MESSAGES = sys.argv[2 if RECEIVED else 1:]
RECORDS = {name.encode() + b".": value.encode() for name, value in json.load(open(RECORDS_FILE)).items()}


def look_up(name, timeout=5):
    return RECORDS.get(name)


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


def sound(path):
    """The message and what Python's reader makes of it, without a defect anywhere."""
    message = open(path, "rb").read()
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    for part in parsed.walk():
        assert not part.defects, (path, part.defects)
        for name, value in part.items():
            assert not value.defects, (path, name, value, value.defects)
    return message, parsed


def judge(path):
    message, parsed = sound(path)
    signatures = len(parsed.get_all("DKIM-Signature"))
    for index in range(signatures):
        assert holds(message, index), f"{path}: signature {index} does not hold"
        assert holds(b"Received: from a by b\r\n" + message, index), f"{path}: a trace field breaks signature {index}"
        for what, changed in changes(message):
            assert changed != message and not holds(changed, index), f"{path}: signature {index} survives {what}"
    return signatures


def read(path):
    message, parsed = sound(path)
    signatures = len(parsed.get_all("DKIM-Signature"))
    for index in range(signatures):
        assert holds(message, index), f"{path}: signature {index} does not hold"
    for name in set(parsed.keys()) - {"DKIM-Signature"}:
        assert len(parsed.get_all(name)) == 1, f"{path}: {name} stands there more than once"
    text, html = parsed.get_body(["plain"]), parsed.get_body(["html"])
    return {
        "signatures": signatures,
        "subject": parsed["Subject"],
        "from": parsed["From"].addresses[0].display_name,
        "to": parsed["To"].addresses[0].addr_spec,
        "id": parsed["Message-ID"],
        "text": text.get_content(),
        "html": html.get_content() if html else None,
    }


if RECEIVED:
    for path in MESSAGES:
        print(json.dumps(read(path)))
else:
    print(json.dumps({path: judge(path) for path in MESSAGES}))
