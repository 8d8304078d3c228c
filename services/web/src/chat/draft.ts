/** What was written and not sent, by user and chat; it survives a reload of this tab. */
export function readDraft(userId: string, chatId: string): string {
  return sessionStorage.getItem(keyOf(userId, chatId)) ?? '';
}

export function keepDraft(userId: string, chatId: string, text: string): void {
  if (text === '') sessionStorage.removeItem(keyOf(userId, chatId));
  else sessionStorage.setItem(keyOf(userId, chatId), text);
}

function keyOf(userId: string, chatId: string): string {
  return `carillon.draft/${userId}/${chatId}`;
}
