export type Journey = {
  /** The messages as they came into view; one that came twice is here twice. */
  readonly numbers: readonly number[];
  /** The farthest that the message under the reader's eye went by itself, in any frame. */
  readonly largestMovePx: number;
  readonly mostRows: number;
};

type Plan = { readonly way: 'up' | 'down'; readonly last: number; readonly deadlineMs: number };

/**
 * Runs in the page. Scrolls most of a screen at a time and waits until the screen is full. The farthest row of the screen, which a step
 * brings near to the screen's other edge, is the one that is read: it may not move until the next step, whatever comes above it.
 */
export async function scrollThrough({ way, last, deadlineMs }: Plan): Promise<Journey> {
  const scroller = document.querySelector('.timeline__scroller');
  if (scroller === null) throw new Error('no timeline');
  const deadline = performance.now() + deadlineMs;
  const painted = () => new Promise((resolve) => requestAnimationFrame(() => window.setTimeout(resolve)));
  const edge = scroller.getBoundingClientRect();
  const rows = () => {
    const all = [...scroller.querySelectorAll('.message')].map((row) => ({
      number: Number(row.getAttribute('data-seq')),
      top: row.getBoundingClientRect().top,
      bottom: row.getBoundingClientRect().bottom,
    }));
    return way === 'up' ? all.reverse() : all;
  };
  const isFull = () => {
    const farthest = rows().at(-1);
    if (farthest === undefined) return false;
    return farthest.number === last || (way === 'up' ? farthest.top <= edge.top && scroller.scrollTop > 0 : farthest.bottom >= edge.bottom);
  };
  const placeOf = (number: number) => rows().find((row) => row.number === number)?.top ?? Number.POSITIVE_INFINITY;
  const numbers: number[] = [];
  let largestMovePx = 0;
  let mostRows = 0;
  const look = () => {
    const seen = rows().filter(({ top, bottom }) => bottom > edge.top && top < edge.bottom);
    const known = seen.findIndex(({ number }) => number === numbers.at(-1));
    numbers.push(...seen.slice(known + 1).map(({ number }) => number));
    mostRows = Math.max(mostRows, rows().length);
    return seen.findLast(({ top, bottom }) => top >= edge.top && bottom <= edge.bottom)?.number ?? Number.NaN;
  };
  const rest = async (read: number) => {
    const place = placeOf(read);
    for (let frames = 0; (frames < 2 || !isFull()) && performance.now() < deadline; frames += 1) {
      await painted();
      largestMovePx = Math.max(largestMovePx, Math.abs(placeOf(read) - place));
    }
  };
  for (let read = look(); numbers.at(-1) !== last && performance.now() < deadline; read = look()) {
    scroller.scrollTop += scroller.clientHeight * (way === 'up' ? -0.8 : 0.8);
    await rest(read);
  }
  return { numbers, largestMovePx, mostRows };
}
