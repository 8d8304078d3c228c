import { AppError } from '@carillon/protocol';

/** What any cursor of ours looks like; nothing else is worth a query, and some of it Postgres would refuse [S5]. */
const cursorForm = /^[!-~]{1,8192}$/;

/** The cursor where one is given. Throws AppError('invalid_cursor'). */
export function cursorInput(cursor: string | undefined): { cursor?: string } {
  return cursor === undefined ? {} : { cursor: checkCursor(cursor) };
}

export function checkCursor(cursor: string): string {
  if (!cursorForm.test(cursor)) throw new AppError('invalid_cursor');
  return cursor;
}
