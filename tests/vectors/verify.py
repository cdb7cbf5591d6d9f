#!/usr/bin/python3
"""verify.py VECTORS SCHEMA: checks every vector on its own.

Written from PROTOCOL.md alone, with PyNaCl for Ed25519, X25519, XChaCha20-Poly1305 and XSalsa20-Poly1305, hashlib for
BLAKE2b, and protobuf's own Python. It shares nothing with the C code; that is its worth."""

import hashlib
import importlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import nacl.bindings as sodium
import nacl.exceptions

KIB = 1024
ENVELOPE_MAX, MESSAGE_MAX, RUN_MAX = 512 * KIB, 576 * KIB, 560 * KIB
SECTION_MAX, SEALED_MAX, SECTIONS_MAX = 256 * KIB, 256 * KIB + 40, 1024
WRITES_MAX, REPLACES_MAX, ANSWERS_MAX, REPLIES_MAX = 4096, 256, 4096, 1024
LIST_MAX, GRANTS_MAX, CLOSES_MAX, ERASED_MAX, CUT_MAX = 4096, 1024, 256, 4096, 1024
NAME_MAX, TEXT_MAX, ENDPOINT_MAX, ENDPOINTS_MAX, VALUE_MAX = 200, 1024, 256, 8, 128 * KIB
UNKNOWN_MAX, TICKET_MAX, SEAL_REUSE_MAX = 64, 2048, 1000
BELOW = 1 << 63
DAY_MS = 86400000


class Refused(Exception):
    """Why; by the names of section 21."""


def need(condition, reason="format"):
    if not condition:
        raise Refused(reason)


# ---- 2 Hashes, 3 Keys ----


def H(purpose, *pieces, key=b"", size=32):
    h = hashlib.blake2b(digest_size=size, key=key, person=purpose.encode().ljust(16, b"\0"))
    for piece in pieces:
        h.update(piece)
    return h.digest()


def u16(n):
    return struct.pack(">H", n)


def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


def sub_seed(seed, letter):
    return H("stafet1.root", seed, letter)


def sign_pair(seed, letter):
    return sodium.crypto_sign_seed_keypair(sub_seed(seed, letter))


def x25519(secret):
    return sodium.crypto_scalarmult_base(secret)


ORDER = (1 << 252) + 27742317777372353535851937790883648493
P = (1 << 255) - 19


def point_double(y):
    """y of twice a point, by the curve equation alone; enough to find the points of small order."""
    d = -121665 * pow(121666, P - 2, P) % P
    y2 = y * y % P
    x2 = (y2 - 1) * pow(d * y2 + 1, P - 2, P) % P
    return (y2 + x2) * pow(2 - (y2 - x2) % P, P - 2, P) % P


def small_order(encoded):
    y = int.from_bytes(encoded, "little") & ((1 << 255) - 1)
    if y >= P:
        return True  # not canonical: refused as well
    for _ in range(3):
        y = point_double(y)
    return y == 1


def verify(public, prefix, message, signature):
    need(not small_order(public) and not small_order(signature[:32]), "signature")
    need(int.from_bytes(signature[32:], "little") < ORDER, "signature")
    try:
        sodium.crypto_sign_open(signature + prefix.encode() + b"\0" + message, public)
    except nacl.exceptions.BadSignatureError:
        raise Refused("signature")


CONSONANTS, VOWELS = "bdfghjklmnprstvz", "aiou"


def word(number):
    return (CONSONANTS[number >> 12] + VOWELS[number >> 10 & 3] + CONSONANTS[number >> 6 & 15]
            + VOWELS[number >> 4 & 3] + CONSONANTS[number & 15])


def words(data):
    return "-".join(word(n) for (n,) in struct.iter_unpack(">H", data))


def unword(text):
    need(len(text) == 5)
    number = 0
    for i, letter in enumerate(text):
        letters = VOWELS if i % 2 else CONSONANTS
        need(letter in letters)
        number = number << (2 if i % 2 else 4) | letters.index(letter)
    return u16(number)


def words_to_seed(text):
    parts = text.replace("-", " ").lower().split()
    need(len(parts) == 17)
    data = b"".join(unword(part) for part in parts)
    need(H("stafet1.words", data[:32])[:2] == data[32:], "hash")
    return data[:32]


# ---- 4 Ids, 5 Channels, 6 Clocks ----

BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def base32(data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(BASE32[int(bits[i:i + 5], 2)] for i in range(0, len(bits), 5))


def unbase32(text, size):
    need(len(text) == (size * 8 + 4) // 5)
    text = text.upper().replace("I", "1").replace("L", "1").replace("O", "0")
    need(all(letter in BASE32 for letter in text))
    bits = "".join(f"{BASE32.index(letter):05b}" for letter in text)
    need("1" not in bits[size * 8:])
    return bytes(int(bits[i:i + 8], 2) for i in range(0, size * 8, 8))


def owner_tag(record, owner):
    return H("stafet1.owner", record[:12], owner)[:4]


ROSTER, NOTICE, ANSWERS, HANDOVER = 1, 2, 3, 4
ROLES = ["municipality", "kindergarten", "school", "relay"]


def channel_id(federation, kind, parties):
    return H("stafet1.channel", federation, u16(kind), *sorted(parties))


def feed_id(federation, channel, author, incarnation):
    return H("stafet1.feed", federation, channel, author, incarnation)


def may_write(kind, parties, member, role):
    if kind in (ROSTER, NOTICE):
        return role == "municipality"
    return role in ("kindergarten", "school") if kind == ANSWERS else member in parties


def may_read(kind, parties, member, role):
    if kind in (ROSTER, NOTICE):
        return True
    return role == "municipality" if kind == ANSWERS else member in parties


def may_hold(kind, parties, author, member, role):
    return role in ("municipality", "relay") or member == author or may_read(kind, parties, member, role)


# ---- 6 Header, 7 Sections, 8 Seal block, 9 Envelope and run ----


def header_read(data):
    need(len(data) >= 144)
    need(data[0] == 1, "version")
    flags, schema, sections, reserved = struct.unpack(">BHHH", data[1:8])
    seq, = struct.unpack(">Q", data[40:48])
    roster_seq, roster_id8, clock = struct.unpack(">Q8sQ", data[80:104])
    seal_seq, = struct.unpack(">Q", data[136:144])
    need(reserved == 0 and flags == 0 and schema > 0)
    need(sections <= SECTIONS_MAX, "limit")
    need(0 < seq < BELOW and roster_seq < BELOW and clock < BELOW)
    need((seq == 1) == (data[48:80] == bytes(32)))
    need(roster_seq > 0 or roster_id8 == bytes(8))
    need(seal_seq <= seq and (seal_seq == 0 or seq - seal_seq < SEAL_REUSE_MAX))
    return {"schema": schema, "sections": sections, "feed": data[8:40], "seq": seq, "prev": data[48:80],
            "roster_seq": roster_seq, "roster_id8": roster_id8, "clock": clock, "body": data[104:136],
            "seal_seq": seal_seq}


def section_hash(kind, content):
    return H("stafet1.section", bytes([kind]), content)


def envelope_read(data):
    """The first envelope of data."""
    whole = data
    data = data[:ENVELOPE_MAX]
    need(len(data) >= 208)
    header = header_read(data)
    envelope = {"header": header, "signature": data[144:208], "id": H("stafet1.envelope", data[:208])}
    at, seal = 208, b""
    if header["seal_seq"] == header["seq"]:
        seal = data[208:352]
        need(len(seal) == 144)
        at = 352
        envelope |= {"epoch_public": seal[:32], "sealed_key": seal[32:112], "commitment": seal[112:]}
    envelope["sections"] = sections = []
    body = [seal]
    for _ in range(header["sections"]):
        need(len(data) >= at + 5, "limit" if len(whole) > ENVELOPE_MAX else "format")
        state, kind = data[at] >> 4, data[at] & 15
        size, = struct.unpack(">I", data[at + 1:at + 5])
        need(1 <= kind <= 3 and state <= 2 and (state == 0 or size == 32))
        need(size <= (SEALED_MAX if kind == 3 else SECTION_MAX), "limit")
        content = data[at + 5:at + 5 + size]
        need(len(content) == size, "limit" if len(whole) > ENVELOPE_MAX else "format")
        need(kind != 3 or header["seal_seq"] > 0)
        at += 5 + size
        if state == 0:
            section = {"kind": kind, "state": state, "hash": section_hash(kind, content), "content": content}
        else:
            section = {"kind": kind, "state": state, "hash": content}
        sections.append(section)
        body += [bytes([kind]), section["hash"]]
    need(H("stafet1.body", *body) == header["body"], "hash")
    envelope["size"] = at
    return envelope


def run_read(data, feed, after_seq, after_id, author):
    need(len(data) > 0)
    need(len(data) <= RUN_MAX, "limit")
    ids, seq, prev = [], after_seq, after_id
    while data:
        envelope = envelope_read(data)
        header = envelope["header"]
        need(header["feed"] == feed and header["seq"] == seq + 1 and header["prev"] == prev, "chain")
        seq, prev = header["seq"], envelope["id"]
        ids.append(prev)
        signed, data = data[:208], data[envelope["size"]:]
    verify(author, "stafet/v1/envelope", signed[:144], signed[144:])
    return ids, seq, prev


def padded(size):
    for step in (512, 2048, 8192):
        if size <= step:
            return step
    return -(-size // 32768) * 32768


def place(v):
    return v["feed"] + u64(v["seq"]) + u16(v["index"])


def seal_to(public, ephemeral, message):
    """crypto_box_seal with a given ephemeral secret."""
    ours = x25519(ephemeral)
    nonce = hashlib.blake2b(ours + public, digest_size=24).digest()
    return ours + sodium.crypto_box(message, nonce, public, ephemeral)


def unseal(public, secret, sealed):
    theirs = sealed[:32]
    nonce = hashlib.blake2b(theirs + public, digest_size=24).digest()
    try:
        return sodium.crypto_box_open(sealed[32:], nonce, theirs, secret)
    except (nacl.exceptions.CryptoError, nacl.exceptions.RuntimeError):
        raise Refused("seal")


def section_make(v):
    plain = struct.pack(">I", len(v["plain"])) + v["plain"]
    if v["pad"]:
        plain = plain.ljust(padded(len(plain)), b"\0")
    return v["random"] + sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, place(v), v["random"], v["content_key"])


def section_open(v):
    sealed = v["sealed"]
    need(len(sealed) <= SEALED_MAX, "limit")
    need(len(sealed) >= 44)
    try:
        plain = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[24:], place(v), sealed[:24], v["content_key"])
    except nacl.exceptions.CryptoError:
        raise Refused("seal")
    size, = struct.unpack(">I", plain[:4])
    need(4 + size <= len(plain) and not any(plain[4 + size:]))
    return plain[4:4 + size]


# ---- Messages: the strict form of protobuf, and clean text ----


def varint(data, at, size_max=10):
    value = 0
    for i in range(size_max):
        need(at < len(data))
        byte = data[at]
        at += 1
        need(i < 9 or byte <= 1)
        value |= (byte & 0x7f) << (7 * i)
        if byte < 0x80:
            return value, at
    raise Refused("format")


def clean(data, lines):
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        return False
    return all(c == "\n" and lines or not (ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0) for c in text)


def check_field(field, wire, value, content):
    kinds = type(field)
    if field.type == kinds.TYPE_STRING:
        need(wire == 2 and clean(content, True))
    elif field.type in (kinds.TYPE_BYTES, kinds.TYPE_MESSAGE):
        need(wire == 2)
    elif field.type == kinds.TYPE_FIXED64:
        need(wire == 1)
    else:
        largest = {kinds.TYPE_BOOL: 1, kinds.TYPE_UINT32: (1 << 32) - 1, kinds.TYPE_UINT64: (1 << 64) - 1}
        need(wire == 0 and value <= largest[field.type])


def check_message(descriptor, data, unknown):
    seen, at = set(), 0
    while at < len(data):
        tag, at = varint(data, at, 5)
        number, wire, value = tag >> 3, tag & 7, 0
        need(tag < 1 << 32 and number > 0 and wire in (0, 1, 2, 5))
        if wire in (0, 2):
            value, at = varint(data, at, 5 if wire == 2 else 10)
        size = {0: 0, 1: 8, 2: value, 5: 4}[wire]
        need(at + size <= len(data))
        content, at = data[at:at + size], at + size
        field = descriptor.fields_by_number.get(number)
        if field is None:
            unknown[0] += 1
            need(unknown[0] <= UNKNOWN_MAX, "limit")
            continue
        check_field(field, wire, value, content)
        if field.label != field.LABEL_REPEATED:
            once = field.containing_oneof.name if field.containing_oneof else number
            need(once not in seen)
            seen.add(once)
        if field.message_type:
            check_message(field.message_type, content, unknown)


def parse(name, data):
    message = getattr(schema, name)()
    check_message(message.DESCRIPTOR, data, [0])
    message.ParseFromString(data)
    return message


def as_json(message):
    """What is set, by the schema's names."""
    is_ = {}
    for field, value in message.ListFields():
        if field.message_type:
            is_[field.name] = [as_json(v) for v in value] if field.label == field.LABEL_REPEATED else as_json(value)
        else:
            is_[field.name] = list(value) if field.label == field.LABEL_REPEATED else value
    return is_


def size_is(data, size, optional=False):
    need(len(data) == size or optional and len(data) == 0)


def name_is(text, optional=False):
    size = len(text.encode())
    need(size <= NAME_MAX, "limit")
    need(clean(text, False) and (optional or size > 0))


def endpoints_are(endpoints):
    need(len(endpoints) <= ENDPOINTS_MAX, "limit")
    for endpoint in endpoints:
        need(len(endpoint.encode()) <= ENDPOINT_MAX, "limit")
        need(endpoint.startswith("tcp://"))
        host, _, port = endpoint[6:].rpartition(":")
        if host.startswith("["):
            need(host.endswith("]") and len(host) > 2 and set(host[1:-1]) <= set("0123456789abcdefABCDEF:."))
        else:
            letters = "abcdefghijklmnopqrstuvwxyz"
            need(host and set(host) <= set(letters + letters.upper() + "0123456789.-_"))
        need(port and set(port) <= set("0123456789") and port[0] != "0" and int(port) <= 65535)


def versions_are(versions, most, own_feed=False):
    need(len(versions) <= most, "limit")
    for version in versions:
        size_is(version.feed, 32, own_feed)
        size_is(version.id8, 8)
        need(0 < version.seq < BELOW)


def keys_are(message):
    for key in (message.sign, message.seal, message.transport):
        size_is(key, 32)


def tip_is(seq, id8):
    need(seq < BELOW)
    size_is(id8, 8 if seq else 0)


# ---- 10, 11 Declarations ----


def birth_is(birth):
    for data, size in ((birth.federation, 32), (birth.author, 16), (birth.incarnation, 16)):
        size_is(data, size)
    need(1 <= birth.channel_kind <= 4)
    parties = list(birth.parties)
    need(len(parties) == (2 if birth.channel_kind == HANDOVER else 0))
    for party in parties:
        size_is(party, 16)
    if parties:
        need(parties[0] < parties[1] and any(parties[0]))
    versions_are(birth.closes, CLOSES_MAX)


def founding_record(founding):
    size_is(founding.signature, 64)
    record = parse("FoundingRecord", founding.record)
    for data, size in ((record.root_sign, 32), (record.root_seal, 32), (record.municipality, 16), (record.nonce, 16)):
        size_is(data, size)
    keys_are(record)
    name_is(record.name)
    return record


def entry_is(entry):
    size_is(entry.member, 16)
    size_is(entry.ticket, 32, True)
    keys_are(entry)
    need(any(entry.member) and entry.counter > 0 and 1 <= entry.role <= 4 and 1 <= entry.status <= 3)
    name_is(entry.name)
    endpoints_are(entry.endpoints)


def epoch_is(epoch):
    size_is(epoch.channel, 32)
    size_is(epoch.public_key, 32)
    need(epoch.number > 0)
    need(len(epoch.grants) <= GRANTS_MAX, "limit")
    for grant in epoch.grants:
        size_is(grant.member, 16, True)
        size_is(grant.sealed, 80)


def erasure_is(order):
    need(len(order.sections) > 0)
    need(len(order.sections) <= ERASED_MAX, "limit")
    for section in order.sections:
        size_is(section.feed, 32)
        need(0 < section.seq < BELOW and section.section < SECTIONS_MAX)


def cut_is(cut):
    size_is(cut.member, 16)
    versions_are(cut.last, CUT_MAX)


def declaration_read(data):
    declaration = parse("Declaration", data)
    fields = declaration.ListFields()
    need(len(fields) == 1)
    kind, value = fields[0][0].name, fields[0][1]
    {"birth": birth_is, "founding": founding_record, "entry": entry_is, "epoch": epoch_is, "erasure": erasure_is,
     "cut": cut_is}[kind](value)
    return declaration


def peek_birth(data):
    envelope = envelope_read(data)
    need(envelope["header"]["seq"] == 1, "chain")
    sections = envelope["sections"]
    need(sections and sections[0]["kind"] == 1 and sections[0]["state"] == 0)
    declaration = declaration_read(sections[0]["content"])
    need(declaration.HasField("birth"))
    birth = declaration.birth
    channel = channel_id(birth.federation, birth.channel_kind, birth.parties)
    feed = feed_id(birth.federation, channel, birth.author, birth.incarnation)
    need(feed == envelope["header"]["feed"], "hash")
    return birth


# ---- 12 Change sets, 15 Statements ----


def answer_read(data):
    answer = parse("Answer", data)
    need(len(answer.replies) > 0)
    need(len(answer.replies) <= REPLIES_MAX, "limit")
    replies = []
    for reply in answer.replies:
        which = reply.WhichOneof("value")
        need(reply.question > 0 and which and (which == "text" or reply.choice > 0))
        need(len(reply.text.encode()) <= VALUE_MAX, "limit")
        replies.append({"question": reply.question, which: getattr(reply, which)})
    return replies


def version_json(version):
    return {"feed": version.feed, "seq": version.seq, "id8": version.id8} if version.feed else {
        "seq": version.seq, "id8": version.id8}


def change_set_read(data):
    change = parse("ChangeSet", data)
    name_is(change.actor_name, True)
    name_is(change.actor_function, True)
    need(len(change.writes) <= WRITES_MAX, "limit")
    writes = []
    for write in change.writes:
        need(len(write.value) <= VALUE_MAX, "limit")
        size_is(write.record, 16)
        need(any(write.record) and write.collection < 1 << 16 and write.field < 1 << 16 and clean(write.value, True))
        versions_are(write.replaces, REPLACES_MAX, True)
        writes.append({"record": write.record, "collection": write.collection, "field": write.field,
                       "value": write.value, "replaces": [version_json(r) for r in write.replaces]})
    is_ = {"actor_name": change.actor_name, "actor_function": change.actor_function, "writes": writes}
    if change.HasField("answers"):
        batch = change.answers
        size_is(batch.survey, 16)
        size_is(batch.mark, 32)
        need(len(batch.answers) <= ANSWERS_MAX, "limit")
        need(any(batch.survey) and batch.part < batch.parts)
        for answer in batch.answers:
            answer_read(answer)
        is_["answers"] = {"survey": batch.survey, "mark": batch.mark, "part": batch.part, "parts": batch.parts,
                          "answers": list(batch.answers)}
    return is_


def statement_read(data, public):
    signed = parse("Signed", data)
    size_is(signed.signature, 64)
    s = parse("Statement", signed.body)
    size_is(s.federation, 32)
    size_is(s.member, 16)
    size_is(s.channel, 32)
    need(s.counter < BELOW)
    versions_are(s.heads, LIST_MAX)
    verify(public, "stafet/v1/statement", signed.body, signed.signature)
    return {"federation": s.federation, "member": s.member, "channel": s.channel, "counter": s.counter,
            "heads": [version_json(h) for h in s.heads], "waiting": s.waiting}


# ---- 17 Frames, 19 Tickets ----


def ticket_read(text):
    text = "".join(text.split())
    need(len(text) <= TICKET_MAX, "limit")
    need(text[:7].lower() == "stafet1")
    body = text[7:]
    size = len(body) * 5 // 8
    try:
        data = unbase32(body, size)
    except Refused:
        raise Refused("hash")
    need(size >= 4 and H("stafet1.ticket", data[:-4])[:4] == data[-4:], "hash")
    t = parse("Ticket", data[:-4])
    for field, length in ((t.federation, 32), (t.municipality, 16), (t.secret, 32), (t.member, 16)):
        size_is(field, length)
    size_is(t.roster_id8, 8, True)
    keys_are(t)
    need(1 <= t.role <= 4)
    name_is(t.federation_name)
    name_is(t.name)
    endpoints_are(t.endpoints)
    need(t.expires_ms < BELOW and t.roster_seq < BELOW and any(t.municipality) and any(t.member))
    return {"federation": t.federation, "federation_name": t.federation_name, "municipality": t.municipality,
            "sign": t.sign, "seal": t.seal, "transport": t.transport, "endpoints": list(t.endpoints),
            "roster_seq": t.roster_seq, "roster_id8": t.roster_id8 or bytes(8), "secret": t.secret,
            "member": t.member, "role": ROLES[t.role - 1], "name": t.name, "expires_ms": t.expires_ms}


def hello_is(m):
    need(0 < m.version_min <= m.version_max)
    for data, size in ((m.federation, 32), (m.member, 16), (m.digest, 32)):
        size_is(data, size)
    tip_is(m.roster_seq, m.roster_id8)


def roster_is(m):
    size_is(m.feed, 32)
    tip_is(m.seq, m.id8)


def digest_is(m):
    need(len(m.channels) <= LIST_MAX, "limit")
    for channel in m.channels:
        size_is(channel.channel, 32)
        size_is(channel.digest, 32)


def heads_are(m):
    size_is(m.channel, 32)
    versions_are(m.heads, LIST_MAX)


def pull_is(m):
    size_is(m.feed, 32)
    tip_is(m.after, m.id8)


def run_is(m):
    need(m.after < BELOW and m.head < BELOW)
    need(len(m.envelopes) <= RUN_MAX, "limit")
    size_is(m.feed, 32)


def feed_is(m):
    size_is(m.feed, 32)


def proof_is(m):
    for data, size in ((m.feed, 32), (m.first, 208), (m.second, 208)):
        size_is(data, size)
    need(len(m.first_on) % 208 == 0 and len(m.second_on) % 208 == 0)


def joined_is(m):
    size_is(m.member, 16)
    tip_is(m.roster_seq, m.roster_id8)


def text_is(m):
    need(len(m.text.encode()) <= TEXT_MAX, "limit")
    need(clean(m.text, False))


def error_is(m):
    size_is(m.feed, 32, True)
    text_is(m)


def address_is(m):
    endpoints_are(m.endpoints)


def join_is(m):
    size_is(m.signature, 64)
    body = parse("JoinBody", m.body)
    for data, size in ((body.federation, 32), (body.ticket, 32), (body.member, 16)):
        size_is(data, size)
    keys_are(body)
    endpoints_are(body.endpoints)
    verify(body.sign, "stafet/v1/join", m.body, m.signature)


FRAMES = [None, ("HELLO", "Hello", hello_is), ("ROSTER", "Roster", roster_is), ("DIGEST", "Digest", digest_is),
          ("HEADS", "Heads", heads_are), ("PULL", "Pull", pull_is), ("RUN", "Run", run_is),
          ("NOT_HERE", "NotHere", feed_is), ("CREDIT", "Credit", feed_is), ("STATEMENT", "Signed", None),
          ("PROOF", "Proof", proof_is), ("JOIN", "Join", join_is), ("JOINED", "Joined", joined_is),
          ("PENDING", "Pending", text_is), ("ERROR", "Error", error_is), ("BYE", "Bye", text_is),
          ("ADDRESS", "Address", address_is)]


def frame_read(data):
    need(len(data) > 0)
    need(len(data) <= MESSAGE_MAX, "limit")
    need(0 < data[0] < len(FRAMES), "version")
    name, message_name, check = FRAMES[data[0]]
    message = parse(message_name, data[1:])
    if check is None:
        return {"frame": name, "message": {"signed": data[1:]}}
    check(message)
    is_ = as_json(message)
    if name == "JOIN":
        is_["request"] = as_json(parse("JoinBody", message.body))
    return {"frame": name, "message": is_}


# ---- The types of vectors: inputs in, "is" out, or Refused ----

TYPES = {}


def vector_type(check):
    TYPES[check.__name__] = check
    return check


@vector_type
def node_keys(v):
    seed = v["seed"]
    public, _ = sign_pair(seed, b"S")
    seal, transport = sub_seed(seed, b"E"), sub_seed(seed, b"T")
    fingerprint = H("stafet1.words", public, x25519(seal), x25519(transport))[:10]
    return {"sign_public": public, "seal_public": x25519(seal), "seal_secret": seal,
            "transport_public": x25519(transport), "transport_secret": transport, "rest": sub_seed(seed, b"R"),
            "fingerprint": words(fingerprint)}


@vector_type
def root_keys(v):
    seed = v["seed"]
    seal = sub_seed(seed, b"V")
    return {"sign_public": sign_pair(seed, b"F")[0], "seal_public": x25519(seal), "seal_secret": seal,
            "words": words(seed + H("stafet1.words", seed)[:2])}


@vector_type
def ticket_keys(v):
    secret = H("stafet1.ticket", v["secret"])
    return {"transport_public": x25519(secret), "transport_secret": secret}


TYPES["words"] = lambda v: {"seed": words_to_seed(v["words"])}
TYPES["hash"] = lambda v: {"hash": H(v["purpose"], v["message"])}
TYPES["mark"] = lambda v: {"mark": H("stafet1.mark", v["message"], key=v["rest"])}


@vector_type
def sign(v):
    _, secret = sign_pair(v["seed"], b"S")
    return {"signature": sodium.crypto_sign(v["prefix"].encode() + b"\0" + v["message"], secret)[:64]}


@vector_type
def signature(v):
    verify(v["sign_public"], v["prefix"], v["message"], v["signature"])
    return {}


TYPES["id_to_text"] = lambda v: {"text": base32(v["id"])}
TYPES["id_from_text"] = lambda v: {"id": unbase32(v["text"], v["size"])}


@vector_type
def member_value(v):
    need(len(v["text"]) == 32 and set(v["text"]) <= set("0123456789abcdef"))
    return {"id": bytes.fromhex(v["text"])}


@vector_type
def incarnation(v):
    return {"incarnation": u64(v["ms"])[2:] + v["random"]}


@vector_type
def record_new(v):
    record = u64(v["ms"])[2:] + v["random"]
    record += owner_tag(record, v["owner"])
    return {"record": record, "text": base32(record[6:])}


TYPES["record_owner"] = lambda v: {"owned": owner_tag(v["record"], v["owner"]) == v["record"][12:]}
TYPES["channel"] = lambda v: {"channel": channel_id(v["federation"], v["kind"], v.get("parties", []))}
TYPES["feed"] = lambda v: {"feed": feed_id(v["federation"], v["channel"], v["author"], v["incarnation"])}


@vector_type
def rights(v):
    kind, parties = v["kind"], v.get("parties", [])
    return {"write": may_write(kind, parties, v["member"], v["role"]),
            "read": may_read(kind, parties, v["member"], v["role"]),
            "hold": may_hold(kind, parties, v["author"], v["member"], v["role"])}


@vector_type
def clock(v):
    last, remote, wall = v["last"], v["remote"], v["wall"]
    return {"next": max(last + 1, wall << 16), "next_day": max(last + 1, (wall - wall % DAY_MS) << 16),
            "seen": max(last, min(remote, (wall + 60000) << 16))}


TYPES["header"] = lambda v: {"header": header_read(v["bytes"])}


@vector_type
def seal_block_make(v):
    key, ephemeral = v["random"][:32], v["random"][32:]
    sealed = seal_to(v["epoch_public"], ephemeral, key)
    return {"content_key": key, "bytes": v["epoch_public"] + sealed + H("stafet1.commit", key)}


@vector_type
def seal_block(v):
    block = v["bytes"]
    need(block[:32] == v["epoch_public"], "key")
    key = unseal(v["epoch_public"], v["epoch_secret"], block[32:112])
    need(H("stafet1.commit", key) == block[112:], "seal")
    return {"content_key": key}


@vector_type
def grant_make(v):
    return {"sealed": seal_to(v["seal_public"], v["random"], v["epoch_secret"])}


@vector_type
def grant(v):
    secret = unseal(v["seal_public"], v["seal_secret"], v["sealed"])
    need(x25519(secret) == v["epoch_public"], "seal")
    return {"epoch_secret": secret}


TYPES["section"] = lambda v: {"plain": section_open(v)}
TYPES["envelope"] = lambda v: envelope_read(v["bytes"])
TYPES["birth"] = lambda v: {"birth": as_json(peek_birth(v["bytes"]))}
TYPES["declaration"] = lambda v: {"declaration": as_json(declaration_read(v["bytes"]))}
TYPES["change_set"] = lambda v: change_set_read(v["bytes"])
TYPES["answer"] = lambda v: {"replies": answer_read(v["bytes"])}
TYPES["statement"] = lambda v: statement_read(v["bytes"], v["sign_public"])
TYPES["ticket"] = lambda v: ticket_read(v["text"])
TYPES["frame"] = lambda v: frame_read(v["bytes"])


def section_made(v):
    sealed = section_make(v)
    return {"sealed": sealed, "hash": section_hash(3, sealed)}


TYPES["section_make"] = section_made


@vector_type
def envelope_make(v):
    random, seal, sealed_seq = v["random"], b"", 0
    if "epoch_public" in v:
        made = seal_block_make({"random": random[:64], "epoch_public": v["epoch_public"]})
        seal, key, random, sealed_seq = made["bytes"], made["content_key"], random[64:], v["seq"]
    entries, body = b"", [seal]
    for index, section in enumerate(v["sections"]):
        kind, content = section["kind"], section["content"]
        if kind == 3:
            content = section_make({"plain": content, "pad": section["pad"], "random": random[:24], "feed": v["feed"],
                                    "seq": v["seq"], "index": index, "content_key": key})
            random = random[24:]
        entries += bytes([kind]) + struct.pack(">I", len(content)) + content
        body += [bytes([kind]), section_hash(kind, content)]
    header = (bytes([1, 0]) + u16(1) + u16(len(v["sections"])) + u16(0) + v["feed"] + u64(v["seq"]) + v["prev"]
              + u64(v["roster_seq"]) + v["roster_id8"] + u64(v["clock"]) + H("stafet1.body", *body) + u64(sealed_seq))
    _, secret = sign_pair(v["seed"], b"S")
    signed = header + sodium.crypto_sign(b"stafet/v1/envelope\0" + header, secret)[:64]
    return {"bytes": signed + seal + entries, "id": H("stafet1.envelope", signed)}


@vector_type
def without(v):
    data = v["bytes"]
    envelope = envelope_read(data)
    out = data[:208 + (144 if "epoch_public" in envelope else 0)]
    for index, section in enumerate(envelope["sections"]):
        taken = index == v["index"]
        state = v["state"] if taken else section["state"]
        content = section["content"] if state == 0 else section["hash"]
        out += bytes([state << 4 | section["kind"]]) + struct.pack(">I", len(content)) + content
    return {"bytes": out}


@vector_type
def run(v):
    ids, seq, head = run_read(v["bytes"], v["feed"], v["after_seq"], v["after_id"], v["sign_public"])
    return {"ids": ids, "head_seq": seq, "head_id": head}


@vector_type
def founding(v):
    declaration = declaration_read(v["bytes"])
    need(declaration.HasField("founding"))
    f = declaration.founding
    record = founding_record(f)
    verify(record.root_sign, "stafet/v1/founding", f.record, f.signature)
    return {"federation": H("stafet1.found", f.record), "name": record.name, "root_sign": record.root_sign,
            "root_seal": record.root_seal, "municipality": record.municipality, "sign": record.sign,
            "seal": record.seal, "transport": record.transport}


def version_bytes(version):
    return version["feed"] + u64(version["seq"]) + version["id8"]


def in_order(items, key):
    assert items == sorted(items, key=key), "a vector's list is not in order"
    return items


@vector_type
def heads(v):
    items = in_order(v["heads"], version_bytes)
    return {"hash": H("stafet1.heads", *(version_bytes(h) for h in items))}


@vector_type
def digest(v):
    items = in_order(v["channels"], lambda c: c["channel"])
    return {"hash": H("stafet1.digest", *(c["channel"] + c["digest"] for c in items))}


@vector_type
def statements(v):
    items = in_order(v["statements"], lambda s: s["channel"] + s["member"])
    return {"first8": H("stafet1.digest", *(s["channel"] + s["member"] + u64(s["counter"]) for s in items))[:8]}


@vector_type
def conflict(v):
    live = in_order(v["live"], version_bytes)
    return {"conflict": H("stafet1.conflict", v["record"], u16(v["field"]), *(version_bytes(x) for x in live))}


@vector_type
def revision(v):
    said = {}
    for x in v["live"]:
        if v["collection"] != 2 or not 60 <= x["field"] <= 67:
            said.setdefault(x["field"], set()).add(x["value"])
    pieces = [u16(field) + u32(len(value)) + value
              for field in sorted(said) if said[field] != {b""} for value in sorted(said[field])]
    return {"revision": H("stafet1.revision", v["record"], *pieces)}


# ---- The files ----

TEXTS = {"name", "type", "error", "text", "words", "prefix", "purpose", "role", "from"}


def piece(text):
    digits, _, times = text.partition("*")
    return bytes.fromhex(digits) * int(times or 1)


def read_input(key, value):
    """Text stays; other strings are bytes; lists and objects hold the same."""
    if isinstance(value, list):
        return [read_input(key, item) for item in value]
    if isinstance(value, dict):
        return {k: read_input(k, item) for k, item in value.items()}
    if isinstance(value, str) and key not in TEXTS:
        return b"".join(piece(part) for part in value.split())
    return value


def plain(value):
    """As the files have it: bytes in hexadecimal, numbers from 2^63 as text."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, int) and value >= BELOW:
        return str(value)
    return value


def check(vector):
    """None when right, else what is wrong."""
    inputs = {key: read_input(key, value) for key, value in vector.items() if key not in ("is", "error")}
    try:
        got = plain(TYPES[vector["type"]](inputs))
    except Refused as refused:
        return None if str(refused) == vector.get("error") else f"refused: {refused}"
    if "error" in vector:
        return f"not refused, expected {vector['error']}"
    return None if got == vector["is"] else f"is {json.dumps(got)}"


def load_schema(path):
    folder = tempfile.TemporaryDirectory()
    subprocess.run(["protoc", f"--proto_path={path.parent}", f"--python_out={folder.name}", path.name], check=True)
    sys.path.insert(0, folder.name)
    sys.dont_write_bytecode = True
    module = importlib.import_module(path.stem + "_pb2")
    folder.cleanup()
    return module


def main():
    global schema
    vectors, schema = pathlib.Path(sys.argv[1]), load_schema(pathlib.Path(sys.argv[2]))
    right = refused = wrong = 0
    used = set()
    for path in sorted(vectors.glob("*.json")):
        if path.name == "collections.json":
            continue
        for vector in json.loads(path.read_text(encoding="utf-8"))["cases"]:
            used.add(vector["type"])
            fault = check(vector)
            if fault:
                wrong += 1
                print(f"{path.stem}: \"{vector['name']}\": {fault}"[:2000])
            elif "error" in vector:
                refused += 1
            else:
                right += 1
    unused = set(TYPES) - used
    if unused:
        print("types without a vector:", ", ".join(sorted(unused)))
    print(f"{right} vectors hold, {refused} hostile ones are refused for the reason given, {wrong} are wrong")
    return 1 if wrong or unused or not right or not refused else 0


if __name__ == "__main__":
    sys.exit(main())
