"""The issuer's end of the secure channel by yubikit, and a stranger's reading of what chips sign.

Commands go out on standard output and answers come in on standard input, a line of hexadecimal
digits each. Arguments: the case, the issuer's master key, the chip's identifier, the certificate
of the chip's maker; all but the first in hexadecimal.
"""

import sys

from cryptography import x509
from cryptography.hazmat.primitives import cmac, hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.hazmat.primitives.ciphers import algorithms
from yubikit.core import TRANSPORT, Version
from yubikit.core.smartcard import ApduError, SmartCardConnection, SmartCardProtocol
from yubikit.core.smartcard.scp import KeyRef, Scp03KeyParams, ScpState, StaticKeys

ISSUER_SECURITY_DOMAIN = bytes.fromhex("A000000151000000")
CHALLENGE = bytes(range(32))
ENROLMENT = bytes(range(0x50, 0x60))
EXPECTED_ERROR = "the chip accepted what it must refuse"


class Pipe(SmartCardConnection):
    """The chip at the other end of the pipe."""

    transport = TRANSPORT.USB

    def send_and_receive(self, apdu):
        print(apdu.hex(), flush=True)
        answer = bytes.fromhex(sys.stdin.readline())
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    def close(self):
        pass


def derive(master, label, chip):
    """The diversification of docs/chip.md, written anew."""
    function = cmac.CMAC(algorithms.AES(master))
    function.update(b"\x01" + label + b"\x00" + chip + b"\x00\x80")
    return function.finalize()


def keys_of(master, chip):
    return StaticKeys(
        derive(master, b"inrou-scp03-enc", chip), derive(master, b"inrou-scp03-mac", chip)
    )


def open_channel(keys):
    protocol = SmartCardProtocol(Pipe())
    protocol.select(ISSUER_SECURITY_DOMAIN)
    protocol.init_scp(Scp03KeyParams(KeyRef(1, 1), keys))
    return protocol


def read(protocol, thing):
    """GET DATA until a short block."""
    content, number = b"", 0
    while True:
        block = protocol.send_apdu(0x84, 0xCA, thing, number)
        content += block
        number += 1
        if len(block) < 239:
            return content


def elements(der):
    """The elements of DER, as (tag, value, whole)."""
    found = []
    while der:
        length, start = der[1], 2
        if length >= 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[2:start], "big")
        end = start + length
        assert end <= len(der)
        found.append((der[0], der[start:end], der[:end]))
        der = der[end:]
    return found


def statement(protocol, thing, chip, maker):
    """Judges a signed statement, and gives its kind and the elements of its content."""
    certificate = x509.load_der_x509_certificate(read(protocol, 0x02))
    certificate.verify_directly_issued_by(maker)
    common_name = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert [part.value for part in common_name] == [chip.hex()]
    [(_, signed, _)] = elements(read(protocol, thing))
    (_, body, whole), (_, signature, _) = elements(signed)
    certificate.public_key().verify(signature, whole, ec.ECDSA(hashes.SHA256()))
    (_, kind, _), (_, its_chip, _), (_, content, _) = elements(body)
    assert its_chip == chip
    return kind.decode(), elements(content)


def attested(protocol, thing, chip, maker, code, enrolment):
    kind, content = statement(protocol, thing, chip, maker)
    (_, key, _), (_, its_enrolment, _), (_, challenge, _), (_, _, public_key) = content
    assert kind == "inrou key attestation 1"
    assert (key[0], its_enrolment, challenge) == (code, enrolment, CHALLENGE)
    return serialization.load_der_public_key(public_key)


def refused(status, action):
    try:
        action()
    except ApduError as error:
        assert error.sw == status, f"{error.sw:04X}, not {status:04X}"
    else:
        raise AssertionError(EXPECTED_ERROR)


def keys_and_attestations(master, chip, maker):
    """Authenticates at level 33, has keys made, judges their attestations."""
    protocol = open_channel(keys_of(master, chip))
    protocol.send_apdu(0x84, 0x46, 0x00, 0x01, CHALLENGE)
    device_key = attested(protocol, 0x01, chip, maker, 0, b"")
    for reference, code in ((0x9A, 1), (0x97, 2)):
        protocol.send_apdu(0x84, 0x46, 0x00, reference, ENROLMENT + CHALLENGE)
        key = attested(protocol, reference, chip, maker, code, ENROLMENT)
        assert isinstance(key, rsa.RSAPublicKey) and key.key_size == 2048
    # The device key signs outside of the channel, which stays open.
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"a request")
    command = bytes.fromhex("0088000120") + digest.finalize() + b"\x00"
    signature, status = protocol.connection.send_and_receive(command)
    assert status == 0x9000
    device_key.verify(signature, b"a request", ec.ECDSA(hashes.SHA256()))
    # A refusal comes bare, and the channel goes on.
    refused(0x6A88, lambda: protocol.send_apdu(0x84, 0xCA, 0x03, 0x00))
    assert read(protocol, 0x02)


def wrong_keys(master, chip, maker):
    """With the keys of another chip neither end believes the other."""
    other = keys_of(master, bytes(16))
    try:
        open_channel(other)
    except ValueError:
        pass
    else:
        raise AssertionError(EXPECTED_ERROR)
    # A host that does not look at the card's cryptogram.
    protocol = SmartCardProtocol(Pipe())
    protocol.select(ISSUER_SECURITY_DOMAIN)
    host_challenge = bytes(8)
    answer = protocol.send_apdu(0x80, 0x50, 0x01, 0x00, host_challenge)
    session = other.derive(host_challenge + answer[13:21])
    header = bytes.fromhex("8482330010") + bytes(8)
    command = header + ScpState(session).mac(header)
    assert protocol.connection.send_and_receive(command) == (b"", 0x6982)


def lower_level(master, chip, maker):
    """The right keys at level 01: no."""
    protocol = SmartCardProtocol(Pipe())
    protocol.select(ISSUER_SECURITY_DOMAIN)
    params = Scp03KeyParams(KeyRef(1, 1), keys_of(master, chip))
    state, cryptogram = ScpState.scp03_init(protocol.send_apdu, params)
    header = bytes.fromhex("8482010010") + cryptogram
    command = header + state.mac(header)
    assert protocol.connection.send_and_receive(command) == (b"", 0x6A86)
    command = bytes.fromhex("84CA020008")
    assert protocol.connection.send_and_receive(command + state.mac(command)) == (b"", 0x6982)


def replay(master, chip, maker):
    """A command that was taken once closes the channel when it comes again."""
    protocol = open_channel(keys_of(master, chip))
    state = protocol._processor.state
    header = bytes.fromhex("84CA020008")
    command = header + state.mac(header)
    assert protocol.connection.send_and_receive(command)[1] == 0x9000
    state._enc_counter += 1
    assert protocol.connection.send_and_receive(command) == (b"", 0x6982)
    refused(0x6982, lambda: protocol.send_apdu(0x84, 0xCA, 0x02, 0x00))


def long_data(master, chip, maker):
    """A file in many blocks; then in one extended command; then chained, which is refused."""
    target, content = bytes.fromhex("020002"), bytes(range(256)) * 12
    protocol = open_channel(keys_of(master, chip))
    blocks = [(target + content)[start : start + 223] for start in range(0, 3075, 223)]
    for number, block in enumerate(blocks):
        last = 0x80 if number == len(blocks) - 1 else 0x00
        protocol.send_apdu(0x84, 0xE2, last, number, block)
    # Here yubikit chains short commands, with the MAC over the extended form.
    refused(0x6E00, lambda: protocol.send_apdu(0x84, 0xE2, 0x80, 0x00, target + content[:1000]))

    protocol = open_channel(keys_of(master, chip))
    protocol.configure(Version(5, 7, 0))
    target = bytes.fromhex("020001")
    protocol.send_apdu(0x84, 0xE2, 0x80, 0x00, target + content[:2900])


def main():
    case, master, chip, maker = sys.argv[1:]
    cases = (keys_and_attestations, wrong_keys, lower_level, replay, long_data)
    run = {function.__name__: function for function in cases}[case]
    maker = x509.load_der_x509_certificate(bytes.fromhex(maker))
    run(bytes.fromhex(master), bytes.fromhex(chip), maker)


main()
