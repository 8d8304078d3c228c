/** Whether a browser's origin may call: exactly one of the list; without a list, in development, any loopback origin. */
export type OriginRule = (origin: string) => boolean;

export function originRule(allowed: readonly string[] | undefined, isProduction: boolean): OriginRule {
  if (allowed !== undefined) return (origin) => allowed.includes(origin);
  return isProduction ? () => false : isLoopbackOrigin;
}

function isLoopbackOrigin(origin: string): boolean {
  return /^https?:\/\/(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?$/.test(origin);
}
