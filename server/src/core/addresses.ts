/** Internet addresses: lists of allowed ranges, the caller behind trusted proxies, and which addresses may be called. */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Parses an address; an IPv4 address written as IPv6 (`::ffff:1.2.3.4`) becomes the IPv4 address. Null when it is none. */
function parseAddress(text: string): Address | null {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  return ipaddr.isValid(bare) && (bare.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(bare)) ? ipaddr.process(bare) : null;
}

/** Tells whether `text` is a range such as `10.0.0.0/8` or one address. */
export function isRange(text: string): boolean {
  if (!text.includes('/')) {
    return parseAddress(text) !== null;
  }
  try {
    ipaddr.parseCIDR(text);
    return true;
  } catch {
    return false;
  }
}

/** Tells whether an address lies in one of the ranges. */
export function isInRanges(address: string, ranges: readonly string[]): boolean {
  const parsed = parseAddress(address);
  return parsed !== null && ranges.some((range) => isInRange(parsed, range));
}

function isInRange(address: Address, range: string): boolean {
  if (!range.includes('/')) {
    return parseAddress(range)?.toNormalizedString() === address.toNormalizedString();
  }
  const [base, bits] = ipaddr.parseCIDR(range);
  return base.kind() === address.kind() && address.match(base, bits);
}

/** Who is calling: the peer, or the nearest address of `X-Forwarded-For` that is no trusted proxy. */
export function callerAddress(peer: string, forwardedFor: string, trusted: readonly string[]): string {
  const hops = forwardedFor
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
  let address = peer;
  while (trusted.length > 0 && isInRanges(address, trusted)) {
    const next = hops.pop();
    if (next === undefined || parseAddress(next) === null) {
      break;
    }
    address = next;
  }
  return parseAddress(address)?.toString() ?? address;
}

const globalUnicast: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];
/** An IPv4 address inside an IPv6 one, where the packet goes in the end: NAT64 (RFC 6052) and 6to4 (RFC 3056). */
const embedded: readonly { prefix: [ipaddr.IPv6, number]; offset: number }[] = [
  { prefix: [ipaddr.IPv6.parse('64:ff9b::'), 96], offset: 12 },
  { prefix: [ipaddr.IPv6.parse('2002::'), 16], offset: 2 },
];

/** Tells whether an address is on the public internet, also when an IPv4 address hides inside it. */
export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text);
  if (address === null || !(address instanceof ipaddr.IPv6)) {
    return address?.range() === 'unicast';
  }
  const inner = embedded.find(({ prefix }) => address.match(prefix));
  if (inner !== undefined) {
    return isPublicAddress(
      address
        .toByteArray()
        .slice(inner.offset, inner.offset + 4)
        .join('.'),
    );
  }
  return address.match(globalUnicast) && address.range() === 'unicast';
}
