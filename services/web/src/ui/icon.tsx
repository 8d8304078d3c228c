import './icon.css';

const paths = {
  back: 'M15 5l-7 7 7 7',
  send: 'M5 12h13M12 6l6 6-6 6',
  add: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6L6 18',
  people:
    'M9 11a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.400zM3 19c.5-3.3 3-5 6-5s5.5 1.7 6 5M16 5.200a3 3 0 0 1 0 5.600M18 14.500c1.7.8 2.7 2.3 3 4.5',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4 4',
  edit: 'M5 19l1-4L16 5l3 3L9 18l-4 1z',
  delete: 'M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12M10.5 11v5M13.5 11v5',
  attach: 'M19 11l-7.5 7.500a4.2 4.2 0 0 1-6-6L13 5a2.8 2.8 0 0 1 4 4l-7.5 7.500a1.4 1.4 0 0 1-2-2L14 8',
  sticker: 'M20 12.500V12a8 8 0 1 0-8 8h.5zM20 12.500c-4 0-7.5 2.5-7.5 7.500M9 10v.5M15 10v.5M9 14c1 1 2 1.4 3 1.4',
  microphone: 'M12 15a3 3 0 0 0 3-3V7a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zM6 12a6 6 0 0 0 12 0M12 18v3',
  camera: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM10.5 9l4.5 3-4.5 3z',
  play: 'M8 5.500l10 6.5-10 6.500z',
  pause: 'M8.5 6v12M15.5 6v12',
  file: 'M7 4h7l4 4v12H7zM14 4v4h4',
  down: 'M12 5v14M6 13l6 6 6-6',
  clock: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 8v4.500l3 1.5',
  check: 'M5 12.500l4.5 4.500L19 7.5',
  warning: 'M12 4l9 16H3zM12 10v4M12 17v.3',
  leave: 'M14 5H6v14h8M11 12h9M17 9l3 3-3 3',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.600L7 7M17 17l1.4 1.400M5.6 18.400L7 17M17 7l1.4-1.4',
  moon: 'M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10z',
  pulse: 'M3 12h4l3-7 4 14 3-7h4',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
} as const;

export type IconName = keyof typeof paths;

/** A drawing beside a label; it says nothing to a screen reader. */
export function Icon({ name, isFilled = false }: { readonly name: IconName; readonly isFilled?: boolean }) {
  return (
    <svg className={isFilled ? 'icon icon--filled' : 'icon'} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
