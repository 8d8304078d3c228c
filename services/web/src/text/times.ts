const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const dayOfYear = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'long' });
const fullDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: '2-digit', month: '2-digit', year: '2-digit' });
const dayMs = 24 * 3_600_000;

/** 14:05 */
export function clockTime(date: string): string {
  return clock.format(new Date(date));
}

/** True for two moments of one day on this machine's calendar. */
export function isSameDay(a: string, b: string): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** The heading of a day in a chat. */
export function dayName(date: string, now = new Date()): string {
  const day = new Date(date);
  const ago = daysBetween(day, now);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  return day.getFullYear() === now.getFullYear() ? dayOfYear.format(day) : fullDate.format(day);
}

/** The time of a chat's last activity, as short as it can be told. */
export function activityTime(date: string, now = new Date()): string {
  const day = new Date(date);
  const ago = daysBetween(day, now);
  if (ago === 0) return clock.format(day);
  if (ago === 1) return 'Yesterday';
  return ago < 7 ? weekday.format(day) : shortDate.format(day);
}

function daysBetween(day: Date, now: Date): number {
  return Math.round((midnight(now) - midnight(day)) / dayMs);
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
