import { AppError } from '@carillon/protocol';

/** What the demo's page sends along: no form and no image can, and another site's script may not without asking first. */
export const demoHeader = 'x-carillon-demo';

const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

/** Whether a server on this address is reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === '::1' || loopbackHost.test(host);
}

/**
 * Throws AppError('forbidden') unless the request comes from the page that this server serves: under a loopback name, so that no
 * other name can be pointed here; with the demo's header; and, where a browser says it, from the same origin.
 */
export function requireOwnPage(header: (name: string) => string | undefined): void {
  const host = header('host') ?? '';
  const origin = header('origin');
  const site = header('sec-fetch-site');
  const isOwn =
    loopbackHost.test(host) &&
    header(demoHeader) !== undefined &&
    (origin === undefined || origin === `http://${host}`) &&
    (site === undefined || site === 'same-origin');
  if (!isOwn) throw new AppError('forbidden', { detail: 'Only the demo’s own page may ask this' });
}
