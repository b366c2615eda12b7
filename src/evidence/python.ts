/** The verifier in Python's standard library, as it stands in every bundle. Does what `check.ts` does. */
export const PYTHON_VERIFIER = String.raw`#!/usr/bin/env python3
"""Checks a Daybook evidence bundle. Needs nothing but Python 3.8 or later.

    python3 verify.py evidence.ndjson [--key NAME+ID+KEY] [--witness NAME+ID+KEY] [--json]

Exit status 0: every claim that can be checked holds. The bundle's README says what the file holds.
"""
import base64
import hashlib
import json
import sys

# --- Ed25519, RFC 8032 section 5.1, written to be read and not to be fast -----------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    """The x of the point with this y, or None where there is none."""
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - x2) % P != 0:
        return None
    return P - x if x & 1 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(p, q):
    """Points in extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(number, point):
    result = (0, 1, 1, 0)
    while number > 0:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def decompress(data):
    if len(data) != 32:
        return None
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def same_point(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def ed25519_verify(public, message, signature):
    point = decompress(public)
    if point is None or len(signature) != 64:
        return False
    r = decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return same_point(multiply(s, BASE), add(r, multiply(h, point)))


# --- AES-256-GCM, FIPS 197 and NIST SP 800-38D: opens what stands under a subject's key ----------------


def make_sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)
        for shift in (1, 2, 4):
            q = (q ^ (q << shift)) & 0xFF
        q ^= 0x09 if q & 0x80 else 0
        turned = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        box[p & 0xFF] = (turned ^ 0x63) & 0xFF
        if p == 1:
            box[0] = 0x63
            return box


SBOX = make_sbox()


def round_keys(key):
    words, power = [list(key[i : i + 4]) for i in range(0, 32, 4)], 1
    while len(words) < 60:
        word = list(words[-1])
        if len(words) % 8 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0], power = word[0] ^ power, power << 1
        elif len(words) % 8 == 4:
            word = [SBOX[b] for b in word]
        words.append([a ^ b for a, b in zip(words[-8], word)])
    return [sum(words[i : i + 4], []) for i in range(0, 60, 4)]


def aes_block(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, key in enumerate(keys[1:], 1):
        state = [SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if number < 14:
            double = [(b << 1) ^ (0x11B if b & 0x80 else 0) for b in state]
            mixed = []
            for i in range(16):
                c, at = i - i % 4, i % 4
                one, two, three = c + (at + 1) % 4, c + (at + 2) % 4, c + (at + 3) % 4
                mixed.append(double[i] ^ double[one] ^ state[one] ^ state[two] ^ state[three])
            state = mixed
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def ghash(h, data):
    total = 0
    for at in range(0, len(data), 16):
        x, v, product = total ^ int.from_bytes(data[at : at + 16], "big"), h, 0
        for bit in range(127, -1, -1):
            product ^= v if x >> bit & 1 else 0
            v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        total = product
    return total


def open_gcm(key, nonce, sealed, bound):
    """The text, or None where the key, the nonce or a bit is another."""
    if len(key) != 32 or len(nonce) != 12 or len(sealed) < 16:
        return None
    keys, text, tag = round_keys(key), sealed[:-16], sealed[-16:]
    counter = lambda number: aes_block(keys, nonce + number.to_bytes(4, "big"))
    pad = lambda data: data + bytes(-len(data) % 16)
    lengths = (len(bound) * 8).to_bytes(8, "big") + (len(text) * 8).to_bytes(8, "big")
    hashed = ghash(int.from_bytes(aes_block(keys, bytes(16)), "big"), pad(bound) + pad(text) + lengths)
    if hashed ^ int.from_bytes(counter(1), "big") != int.from_bytes(tag, "big"):
        return None
    stream = b"".join(counter(number + 2) for number in range((len(text) + 15) // 16))
    return bytes(a ^ b for a, b in zip(text, stream))


# --- The log: RFC 9162, C2SP signed-note and tlog-checkpoint ------------------------------------------


def sha256(data):
    return hashlib.sha256(data).digest()


def decode(text):
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        return b""


def leads_to_root(leaf, index, proof, size, root):
    """RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size or len(leaf) != 32:
        return False
    fn, sn, node = index, size - 1, leaf
    for other in proof:
        if sn == 0 or len(other) != 32:
            return False
        if fn & 1 or fn == sn:
            node = sha256(b"\x01" + other + node)
            while fn & 1 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = sha256(b"\x01" + node + other)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and node == root


def parse_checkpoint(note):
    end = note.rfind("\n\n")
    if end < 0:
        return None
    text = note[: end + 1]
    lines = text.split("\n")
    if len(lines) < 3 or not lines[1].isdigit() or len(lines[1]) > 15 or len(decode(lines[2])) != 32:
        return None
    signatures = []
    for line in note[end + 2 :].split("\n"):
        words = line.split(" ")
        if len(words) == 3 and words[0] == "—":
            signatures.append((words[1], decode(words[2])))
    return {"origin": lines[0], "size": int(lines[1]), "root": decode(lines[2]), "text": text, "signatures": signatures}


def key_of(verifier, name, kind=1):
    """The 32 bytes of an Ed25519 key that is written as name+id+base64."""
    parts = verifier.split("+", 2)
    data = decode(parts[2]) if len(parts) == 3 else b""
    return data[1:] if parts[0] == name and len(data) == 33 and data[0] == kind else None


def signed_at(checkpoint, key, kind, signer):
    """None where the key did not sign; else the signed time (1 where the kind of signature has none)."""
    key_id = sha256(signer.encode() + b"\n" + bytes([kind]) + key)[:4]
    for name, data in checkpoint["signatures"]:
        if name != signer or data[:4] != key_id:
            continue
        signature, seconds, message = data[4:], 1, checkpoint["text"]
        if kind == 4:
            seconds = int.from_bytes(signature[:8], "big")
            signature, message = signature[8:], "cosignature/v1\ntime %d\n%s" % (seconds, message)
        return seconds if ed25519_verify(key, message.encode(), signature) else None
    return None


# --- The bundle -----------------------------------------------------------------------------------------

CLAIMS = {
    "content": "Content: no event was changed",
    "order": "Order: none was moved, taken out or put in between",
    "tail": "Tail: nothing was cut off at the end",
    "completeness": "Completeness: what was sent has arrived",
    "authorship": "Time and authorship: who signed, and when",
}


class Examination:
    def __init__(self, trusted, witnesses):
        self.trusted = trusted
        self.witnesses = witnesses
        self.problems = []
        self.header = None
        self.checkpoint = None
        self.events = self.gone = self.closed = self.last_seq = 0
        self.end_count = None
        self.numbers = {}

    def found(self, claim, kind, text):
        self.problems.append((claim, kind, text))

    def line(self, text):
        try:
            record = json.loads(text)
            if self.header is None:
                self.begin(record)
            elif isinstance(record.get("end"), int):
                self.end_count = record["end"]
            else:
                self.event(record)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            self.found("content", "bundle.malformed", "A line of the bundle is not what it should be.")

    def begin(self, record):
        self.header = dict({"range": None, "events": 0, "keys": [], "emitters": [], "checkpoint": "", "log": "", "tenant": ""}, **record)
        if record.get("daybook_evidence") != 1:
            self.found("content", "bundle.malformed", "The bundle has no header of version 1.")
        self.checkpoint = parse_checkpoint(self.header["checkpoint"])
        if self.checkpoint is None:
            self.found("order", "checkpoint.malformed", "The bundle's checkpoint is none.")
        elif self.checkpoint["origin"] != self.header["log"]:
            self.found("order", "checkpoint.foreign", "The checkpoint is of another log than the bundle says.")

    def event(self, line):
        seq = line["seq"]
        if not isinstance(seq, int):
            raise TypeError("no number")
        if seq <= self.last_seq:
            self.found("order", "event.order", "Event %s stands twice, or out of its order." % seq)
        limits = self.header["range"]
        if limits is not None and seq > max(self.last_seq + 1, limits[0]):
            self.found("order", "event.deleted", "Events between %d and %d were left out of the bundle." % (self.last_seq, seq))
        self.last_seq = max(self.last_seq, seq)
        if "entry" in line:
            self.events += 1
            self.content(seq, line["entry"], line.get("payload", ""), line.get("salt", ""))
            self.opening(line)
            leaf = sha256(b"\x00" + line["entry"].encode())
        else:
            self.gone += 1
            leaf = decode(line.get("leaf", ""))
        point = self.checkpoint
        proof = [decode(text) for text in line["proof"]]
        if point is None or not leads_to_root(leaf, seq - 1, proof, point["size"], point["root"]):
            self.found("content", "event.foreign", "Event %d is not what the signed log has at this place." % seq)

    def content(self, seq, entry, payload, salt):
        """The entry says its own number and tenant, and commits to the payload."""
        fields = json.loads(entry)
        if fields[0] != "daybook/entry/v1" or fields[2] != seq or fields[3] != self.header["tenant"]:
            self.found("order", "event.moved", "Event %d says another place of itself." % seq)
        if isinstance(fields[-2], int):
            self.numbers.setdefault((fields[-4], fields[-3]), []).append(fields[-2])
        data = b"daybook/payload/v1\n" + bytes.fromhex(salt) + payload.encode()
        if fields[-1] != hashlib.sha256(data).hexdigest():
            self.found("content", "event.changed", "The payload of event %d is not what was hashed." % seq)

    def opening(self, line):
        """What is under a subject's key must say what the bundle says that it says."""
        sealed = json.loads(json.loads(line["payload"])[2]).get("daybook.protected")
        if line.get("key") is None:
            self.closed += 0 if sealed is None else 1
            return
        key, sealed = decode(line["key"]), sealed or {}
        bound = "daybook/protected/v1\n%s\n%s" % (self.header["tenant"], json.loads(line["entry"])[1])
        text = None
        if sha256(b"daybook/check/v1\n" + key).hex() == sealed.get("check"):
            text = open_gcm(key, decode(sealed["nonce"]), decode(sealed["text"]), bound.encode())
        if text is None or text.decode() != line.get("opened"):
            self.found("content", "event.unreadable", "The key for event %d does not open what is shown." % line["seq"])

    def end(self):
        header = self.header
        if header is None:
            self.found("content", "bundle.malformed", "The bundle is empty.")
            return
        if self.end_count != self.events + self.gone or header["events"] != self.end_count:
            self.found("order", "bundle.cut", "The bundle was cut, or lines were taken out: the counts do not agree.")
        if header["range"] is not None and self.last_seq != header["range"][1]:
            self.found("order", "event.deleted", "The bundle says that it goes to event %d; it ends at %d." % (header["range"][1], self.last_seq))
        self.signatures()
        for emitter in header["emitters"]:
            numbers = self.numbers.get((emitter["id"], emitter["epoch"]), [0])
            for first, last in emitter["missing"]:
                first, last = max(first, min(numbers)), min(last, max(numbers))
                if first <= last:
                    text = "Of what emitter %s sent between these events, %d to %d never arrived."
                    self.found("completeness", "emitter.missing", text % (emitter["id"], first, last))

    def signatures(self):
        keys = [{"verifier": key, "state": "active"} for key in self.trusted] or self.header["keys"]
        best = None
        for key in keys if self.checkpoint else []:
            data = key_of(key["verifier"], self.header["log"])
            if data is not None and signed_at(self.checkpoint, data, 1, self.checkpoint["origin"]) is not None:
                if best is None or best["state"] == "revoked":
                    best = key
        if best is None:
            self.found("authorship", "checkpoint.signature", "The checkpoint is signed by no key of the log.")
        elif best["state"] == "revoked":
            self.found("authorship", "key.revoked", "The checkpoint is signed by a revoked key alone.")
        for verifier in self.witnesses if self.checkpoint else []:
            name = verifier.split("+")[0]
            data = key_of(verifier, name, 4)
            if data is None or signed_at(self.checkpoint, data, 4, name) is None:
                self.found("authorship", "witness.missing", "The witness %s did not cosign the checkpoint." % name)

    def standings(self):
        broken = {claim for claim, _, _ in self.problems}
        limits = self.header["range"] if self.header else None
        size = self.checkpoint["size"] if self.checkpoint else 0
        good = {
            "content": "proved" if self.trusted else "conditional",
            "order": "proved" if self.trusted else "conditional",
            "tail": "conditional" if limits and limits[1] == size else "not provable",
            "completeness": "conditional",
            "authorship": "conditional",
        }
        if self.header is None:
            good = dict.fromkeys(CLAIMS, "not provable")
        return {claim: "broken" if claim in broken else good[claim] for claim in CLAIMS}


WHY = {
    "conditional": "It holds on conditions: the key is the log's own (unless you gave it), its holder and its clock were honest, "
    "agents recorded what they did, and the operator put in what belongs to the selection.",
    "not provable": "A bundle that is a part of a log says nothing about this.",
    "proved": "It follows from the bytes in this bundle and the key that you gave.",
}


def main(words):
    trusted = [words[i + 1] for i, word in enumerate(words) if word == "--key" and i + 1 < len(words)]
    witnesses = [words[i + 1] for i, word in enumerate(words) if word == "--witness" and i + 1 < len(words)]
    paths = [word for word in words if not word.startswith("--") and word not in trusted + witnesses]
    examination = Examination(trusted, witnesses)
    with open(paths[0] if paths else "evidence.ndjson", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            if line.strip():
                examination.line(line)
    examination.end()
    standings = examination.standings()
    if "--json" in words:
        kinds = sorted({kind for _, kind, _ in examination.problems})
        print(json.dumps({"holds": "broken" not in standings.values(), "claims": standings, "problems": kinds}))
    else:
        print("%d events, %d of them as hashes alone" % (examination.events + examination.gone, examination.gone))
        if examination.closed:
            print("What %d of them say is under a key that is not here, as after an erasure." % examination.closed)
        for claim, title in CLAIMS.items():
            print("%s\n  %s." % (title, standings[claim].upper()))
            texts = [text for of, _, text in examination.problems if of == claim]
            print("  " + " ".join(texts[:5] or [WHY[standings[claim]]]))
    return 1 if "broken" in standings.values() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
`;
