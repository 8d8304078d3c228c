type Subscribe = (listener: () => void) => () => void;

/**
 * The same subscription, told at most once per frame of the page, however fast changes come: what nobody can see between two
 * frames is not rendered. While the page is hidden there are no frames: then every change is told at once.
 */
export function oncePerFrame(subscribe: Subscribe): Subscribe {
  return (listener) => {
    let frame: number | undefined;
    const tell = () => {
      frame = undefined;
      listener();
    };
    const unsubscribe = subscribe(() => {
      if (document.hidden) listener();
      else frame ??= requestAnimationFrame(tell);
    });
    return () => {
      unsubscribe();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  };
}
