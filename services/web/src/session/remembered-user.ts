const key = 'carillon.user';

/** Who this tab is: by its address (`?user=bob`), else who signed in before its last reload. Tabs are independent, so that one browser can be many users. */
export function rememberedUser(): string | undefined {
  const named = new URLSearchParams(globalThis.location.search).get('user') ?? sessionStorage.getItem(key) ?? '';
  return isUserId(named) ? named : undefined;
}

/** Whom the address puts beside this user (`?user=ann&with=bob`). */
export function namedPartner(userId: string): string | undefined {
  const named = new URLSearchParams(globalThis.location.search).get('with') ?? '';
  return isUserId(named) && named !== userId ? named : undefined;
}

/** Undefined forgets, in the address too. */
export function rememberUser(userId: string | undefined): void {
  if (userId === undefined) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, userId);
  if (globalThis.location.search !== '') history.replaceState(null, '', globalThis.location.pathname);
}

/** What the server takes as a user id: 1 to 128 visible ASCII characters, neither `.` nor `..`. */
export function isUserId(text: string): boolean {
  return /^(?!\.{1,2}$)[!-~]{1,128}$/.test(text);
}
