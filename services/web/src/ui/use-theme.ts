import { useEffect, useState } from 'react';

const key = 'carillon.theme';
type Theme = 'light' | 'dark';

/** The chosen theme, else the system's; the choice is kept. */
export function useTheme(): { readonly theme: Theme; readonly toggle: () => void } {
  const [chosen, setChosen] = useState(readChoice);
  const theme = chosen ?? systemTheme();
  useEffect(() => {
    if (chosen !== undefined) document.documentElement.dataset['theme'] = chosen;
  }, [chosen]);
  const toggle = () => {
    const next = theme === 'dark' ? 'light' : 'dark';
    localStorage.setItem(key, next);
    setChosen(next);
  };
  return { theme, toggle };
}

function readChoice(): Theme | undefined {
  const kept = localStorage.getItem(key);
  return kept === 'dark' || kept === 'light' ? kept : undefined;
}

function systemTheme(): Theme {
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}
