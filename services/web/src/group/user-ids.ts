import { isUserId } from '../session/remembered-user.ts';

/** The names in a field, separated by commas or spaces; `wrong` are those that no user can have. */
export function userIdsIn(text: string): { readonly userIds: readonly string[]; readonly wrong: readonly string[] } {
  const names = [...new Set(text.split(/[\s,;]+/).filter((name) => name !== ''))];
  return { userIds: names.filter(isUserId), wrong: names.filter((name) => !isUserId(name)) };
}
