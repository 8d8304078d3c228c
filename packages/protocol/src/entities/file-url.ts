import { z } from 'zod';

const maxLength = 2048;

/**
 * What a `file_url` may be [S4]: https (in development also http to a loopback host), no credentials, no private address in
 * any spelling. The URL parser normalises numeric and IPv6-mapped spellings first, so the checks see one spelling.
 * Carillon stores the normalised form and never fetches it.
 */
export function parseFileUrl(text: string, options: { allowLoopbackHttp: boolean }): { url: string } | { fault: string } {
  if (text.length > maxLength) return { fault: `must have at most ${maxLength} characters` };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return { fault: 'must not contain spaces, control characters or backslashes' };
  if (/%00/.test(text)) return { fault: 'must not contain an encoded NUL' };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^[a-z]+:\/\//i.test(text)) return { fault: 'must be an absolute URL' };
  if (url.username !== '' || url.password !== '') return { fault: 'must not contain credentials' };
  const loopback = isLoopback(url.hostname);
  if (url.protocol === 'http:' && options.allowLoopbackHttp && loopback) return bounded(url.href);
  if (url.protocol !== 'https:') return { fault: 'must be an https URL' };
  if (loopback || isPrivateHost(url.hostname)) return { fault: 'must not point to a private, loopback or local address' };
  return bounded(url.href);
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
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host);
  return parts !== null && isPrivateIpv4(Number(parts[1]), Number(parts[2]), Number(parts[3]));
}

/** Everything that IANA's special-purpose registry does not call globally reachable, and multicast. */
function isPrivateIpv4(a: number, b: number, c: number): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
  if (a === 100) return b >= 64 && b <= 127;
  if (a === 169) return b === 254;
  if (a === 172) return b >= 16 && b <= 31;
  if (a === 192) return b === 168 || (b === 0 && (c === 0 || c === 2));
  if (a === 198) return b === 18 || b === 19 || (b === 51 && c === 100);
  return a === 203 && b === 0 && c === 113;
}

function isPrivateIpv6(address: string): boolean {
  const groups = expandIpv6(address);
  const [g0 = 0, g1 = 0] = groups;
  const leadingZeros = groups.findIndex((group) => group !== 0);
  if (leadingZeros === -1 || (leadingZeros === 7 && groups[7] === 1)) return true;
  // ::ffff:a.b.c.d, ::a.b.c.d and 64:ff9b::a.b.c.d carry an IPv4 address in the last two groups; 2002:a.b.c.d:: in the second and third.
  const mapped = groups.slice(0, 5).every((group) => group === 0) && (groups[5] === 0xffff || groups[5] === 0);
  if (mapped || (g0 === 0x64 && g1 === 0xff9b)) return isPrivateGroups(groups[6] ?? 0, groups[7] ?? 0);
  if (g0 === 0x2002) return isPrivateGroups(g1, groups[2] ?? 0);
  if ((g0 & 0xfe00) === 0xfc00 || (g0 & 0xffc0) === 0xfe80 || (g0 & 0xffc0) === 0xfec0) return true;
  return (g0 & 0xff00) === 0xff00 || (g0 === 0x2001 && g1 === 0xdb8) || (g0 === 0x100 && g1 === 0);
}

function isPrivateGroups(high: number, low: number): boolean {
  return isPrivateIpv4(high >> 8, high & 0xff, low >> 8);
}

function expandIpv6(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(missing).fill('0'), ...right].map((group) => Number.parseInt(group, 16));
}
