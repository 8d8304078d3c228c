/** How many buckets the outbox has: each is owned by one relay at a time. */
export const bucketCount = 16;

/** The outbox bucket of a chat: the last byte of its id & 15, as the database computes it. */
export function bucketOf(chatId: string): number {
  return Number.parseInt(chatId.slice(-2), 16) & (bucketCount - 1);
}
