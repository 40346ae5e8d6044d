"""Writes a line for every packet that leaves this network namespace, or asks for a name: family, protocol, address, port. First line: ready."""
import socket
import struct
import sys

ETH_P_ALL = 3
OUTGOING = 4
# What the kernel says on a link by itself: multicast listeners, routers and neighbours (RFC 4861, RFC 3810).
KERNEL_ICMP6 = set(range(130, 138)) | {143}


def describe(packet, on_loopback):
    version = packet[0] >> 4
    if version == 4:
        protocol, address, body = packet[9], socket.inet_ntop(socket.AF_INET, packet[16:20]), packet[(packet[0] & 15) * 4:]
    elif version == 6:
        protocol, address, body = packet[6], socket.inet_ntop(socket.AF_INET6, packet[24:40]), packet[40:]
        # Hop-by-hop options stand before what the kernel sends to multicast groups.
        if protocol == 0 and len(body) > 8:
            protocol, body = body[0], body[(body[1] + 1) * 8:]
    else:
        return None
    if protocol == 58 and body and body[0] in KERNEL_ICMP6:
        return None
    port = struct.unpack("!H", body[2:4])[0] if protocol in (6, 17) and len(body) >= 4 else 0
    if on_loopback and port != 53:
        return None
    return "ipv%d %s %s %d" % (version, {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp6"}.get(protocol, str(protocol)), address, port)


watcher = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
print("ready", flush=True)
while True:
    packet, (interface, _, direction, *_rest) = watcher.recvfrom(65535)
    if direction != OUTGOING or not packet:
        continue
    line = describe(packet, interface == "lo")
    if line:
        print(line, flush=True)
