import type { DevTokens } from '@carillon/auth';
import type { CreateDevToken, DevToken } from '@carillon/protocol';

/** A token for any user, on development servers. */
export async function createDevToken(devTokens: DevTokens, request: CreateDevToken): Promise<DevToken> {
  const { token, expiresAtMs } = await devTokens.issue(request.user_id, request.ttl_seconds);
  return { token, expires_at: new Date(expiresAtMs).toISOString() };
}
