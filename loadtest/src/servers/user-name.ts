/** The id of the user who is recipient number `index`. */
export function userName(index: number): string {
  return `u${index}`;
}
