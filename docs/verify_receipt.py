#!/usr/bin/env python3
"""Checks a deletion receipt offline: python3 verify_receipt.py RECEIPT.json [KEYS.json]

Needs nothing but Python 3.8. KEYS.json is /.well-known/carmic-receipt-keys.json of the installation, fetched once.
The signature is Ed25519 (RFC 8032) over the canonical JSON (RFC 8785) of "body".
"""
import base64
import hashlib
import json
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or y >= P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    return P - x if x & 1 != sign else x


def point(data):
    value = int.from_bytes(data, "little")
    y = value & (2**255 - 1)
    x = recover_x(y, value >> 255)
    return x, y, 1, x * y % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, p):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, p)
        p, scalar = add(p, p), scalar >> 1
    return result


def is_signed(key, message, signature):
    base_y = 4 * pow(5, P - 2, P) % P
    base_x = recover_x(base_y, 0)
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left = times(s, (base_x, base_y, 1, base_x * base_y % P))
    right = add(point(signature[:32]), times(h, point(key)))
    return s < L and not (left[0] * right[2] - right[0] * left[2]) % P and not (left[1] * right[2] - right[1] * left[2]) % P


def main(path, keys_path=None):
    decode = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    receipt = json.load(open(path, encoding="utf-8"))
    body = json.dumps(receipt["body"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    known = keys_path is None or receipt["publicKey"] in [key["x"] for key in json.load(open(keys_path, encoding="utf-8"))["keys"]]
    good = known and is_signed(decode(receipt["publicKey"]), body, decode(receipt["signature"]))
    print("GENUINE" if good else "NOT GENUINE", receipt["body"].get("erasureId"), receipt["keyId"])
    return 0 if good else 1


sys.exit(main(*sys.argv[1:3]))
