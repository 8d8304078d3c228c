import { z } from 'zod';

const maxLength = 2048;

/**
 * What a `file_url` may be [S4]: https (in development also http to a loopback host), no credentials, no private address in
 * any spelling. The URL parser normalises numeric and IPv6-mapped spellings first, so the checks see one spelling.
 * Carillon stores the normalised form and never fetches it.
 */
export function parseFileUrl(text: string, options: { allowLoopbackHttp: boolean }): { url: string } | { fault: string } {
  const fault = spellingFault(text);
  if (fault !== undefined) return { fault };
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return { fault: 'must not contain credentials' };
  const loopback = isLoopback(url.hostname);
  if (url.protocol === 'http:' && options.allowLoopbackHttp && loopback) return bounded(url.href);
  if (url.protocol !== 'https:') return { fault: 'must be an https URL' };
  if (loopback || isPrivateHost(url.hostname)) return { fault: 'must not point to a private, loopback or local address' };
  return bounded(url.href);
}

/** What is wrong with the text before it is parsed: the parser would silently drop or repair these. */
function spellingFault(text: string): string | undefined {
  if (text.length > maxLength) return `must have at most ${maxLength} characters`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return 'must not contain spaces, control characters or backslashes';
  if (text.includes('%00')) return 'must not contain an encoded NUL';
  if (!/^[a-z]+:\/\//i.test(text) || !URL.canParse(text)) return 'must be an absolute URL';
  return undefined;
}

function bounded(href: string): { url: string } | { fault: string } {
  return href.length > maxLength ? { fault: `must have at most ${maxLength} characters when normalised` } : { url: href };
}

/** The schema of a `file_url`; its output is the normalised form. */
export function fileUrlSchema(options: { allowLoopbackHttp: boolean }) {
  return z
    .string()
    .describe('An https URL of at most 2,048 characters, without credentials, not of a private address.')
    .transform((text, context) => {
      const parsed = parseFileUrl(text, options);
      if ('url' in parsed) return parsed.url;
      context.addIssue({ code: 'custom', message: parsed.fault });
      return z.NEVER;
    });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function isPrivateHost(host: string): boolean {
  if (host === '' || host.endsWith('.')) return true;
  if (/(^|\.)(localhost|local|internal)$/.test(host)) return true;
  if (host.startsWith('[')) return isPrivateIpv6(host.slice(1, -1));
  const parts = host.split('.').map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = parts;
  return parts.length === 4 && parts.every(Number.isInteger) && isPrivateIpv4(ipv4(a, b, c, d));
}

/** Prefixes that IANA's special-purpose registry does not call globally reachable, and multicast. */
const privateIpv4: readonly (readonly [prefix: number, bits: number])[] = [
  [ipv4(0, 0), 8],
  [ipv4(10, 0), 8],
  [ipv4(100, 64), 10],
  [ipv4(127, 0), 8],
  [ipv4(169, 254), 16],
  [ipv4(172, 16), 12],
  [ipv4(192, 0, 0), 24],
  [ipv4(192, 0, 2), 24],
  [ipv4(192, 168), 16],
  [ipv4(198, 18), 15],
  [ipv4(198, 51, 100), 24],
  [ipv4(203, 0, 113), 24],
  [ipv4(224, 0), 3],
];

function ipv4(a: number, b: number, c = 0, d = 0): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function isPrivateIpv4(address: number): boolean {
  return privateIpv4.some(([prefix, bits]) => address >>> (32 - bits) === prefix >>> (32 - bits));
}

/** IPv6 networks that are not globally reachable, by their first group and its significant bits. */
const privateIpv6: readonly (readonly [prefix: number, bits: number])[] = [
  [0xfc00, 7],
  [0xfe80, 10],
  [0xfec0, 10],
  [0xff00, 8],
];

function isPrivateIpv6(address: string): boolean {
  const groups = expandIpv6(address);
  const embedded = embeddedIpv4(groups);
  if (embedded !== undefined) return isPrivateIpv4(embedded);
  const [first = 0, second = 0] = groups;
  const isReserved = first === 0x2001 && (second < 0x200 || second === 0xdb8);
  if (isReserved || (first === 0x100 && second === 0) || (first === 0x3fff && second < 0x1000)) return true;
  return privateIpv6.some(([prefix, bits]) => first >>> (16 - bits) === prefix >>> (16 - bits));
}

/** `::a.b.c.d` (and so `::` and `::1`), `::ffff:a.b.c.d`, `::ffff:0:a.b.c.d`, `64:ff9b::a.b.c.d` and `2002:a.b.c.d::` lead to an IPv4 address. */
function embeddedIpv4(groups: readonly number[]): number | undefined {
  const [g0 = 0, g1 = 0, g2 = 0, , g4 = 0, g5 = 0, g6 = 0, g7 = 0] = groups;
  const hasPrefix = (g4 === 0 && (g5 === 0 || g5 === 0xffff)) || (g4 === 0xffff && g5 === 0);
  const isMapped = hasPrefix && groups.slice(0, 4).every((group) => group === 0);
  if (isMapped || (g0 === 0x64 && g1 === 0xff9b)) return ((g6 << 16) | g7) >>> 0;
  return g0 === 0x2002 ? ((g1 << 16) | g2) >>> 0 : undefined;
}

function expandIpv6(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(missing).fill('0'), ...right].map((group) => Number.parseInt(group, 16));
}
