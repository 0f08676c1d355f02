// IP addresses and ranges as text, for NO_PROXY. It resolves no name, and what is not exactly an address is none: a look
// at `node:net` would cost more than the rest of the way to a proxy.

interface IpAddress {
  readonly family: 4 | 6;
  /** Network order: four numbers of 8 bits, or eight of 16. */
  readonly parts: readonly number[];
}

/** The address in `text`, without brackets or zone; undefined for anything else, a name too. */
export function parseIp(text: string): IpAddress | undefined {
  const parts = text.includes(":") ? ipv6Parts(text) : ipv4Parts(text);
  return parts === undefined ? undefined : { family: parts.length === 4 ? 4 : 6, parts };
}

/** Whether `host` lies in `network`/`prefix`; false for a name, and for a range that is none. */
export function inSubnet(host: string, network: string, prefix: number): boolean {
  const address = parseIp(host);
  const range = parseIp(network);
  if (address === undefined || range === undefined) return false;
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > (range.family === 4 ? 32 : 128)) return false;
  if (address.family === range.family && startsAlike(address, range, prefix)) return true;
  // `::ffff:10.0.0.1` is the IPv4 address 10.0.0.1 in the dress of IPv6.
  const plain = unmapped(address);
  const plainRange = unmapped(range);
  const plainPrefix = range.family === plainRange.family ? prefix : prefix - 96;
  return (
    plain.family === plainRange.family && plainPrefix >= 0 && startsAlike(plain, plainRange, plainPrefix)
  );
}

function startsAlike(a: IpAddress, b: IpAddress, bits: number): boolean {
  const width = a.family === 4 ? 8 : 16;
  return a.parts.every((part, index) => {
    const left = Math.min(Math.max(bits - index * width, 0), width);
    const other = b.parts[index] ?? 0;
    return part >> (width - left) === other >> (width - left);
  });
}

function unmapped(address: IpAddress): IpAddress {
  const { family, parts } = address;
  if (family === 4 || parts[5] !== 0xffff || parts.slice(0, 5).some((part) => part !== 0)) return address;
  const [, , , , , , high = 0, low = 0] = parts;
  return { family: 4, parts: [high >> 8, high & 255, low >> 8, low & 255] };
}

/** Four decimal numbers without leading zeros: `010` is eight to some and ten to others. */
function ipv4Parts(text: string): readonly number[] | undefined {
  const parts = text.split(".");
  const isOctet = (part: string): boolean => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255;
  return parts.length === 4 && parts.every(isOctet) ? parts.map(Number) : undefined;
}

function ipv6Parts(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const front = groups(halves[0] ?? "", halves.length === 1);
  const back = groups(halves[1] ?? "", true);
  if (front === undefined || back === undefined) return undefined;
  const missing = 8 - front.length - back.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...front, ...Array.from({ length: missing }, () => 0), ...back];
}

/** `last`: an IPv4 address may stand at the end. */
function groups(text: string, last: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const found: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const tail = last && index === parts.length - 1 && part.includes(".") ? ipv4Parts(part) : undefined;
    if (tail !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = tail;
      found.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) found.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return found;
}
