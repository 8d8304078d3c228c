/** How many members one event lists at most; more members make more events. */
export const eventMembers = 100;
