import { useSyncExternalStore } from 'react';

const key = 'carillon.inspector';
const listeners = new Set<() => void>();

/** Whether the panel is open in this tab; kept over a reload. */
export function useIsOpen(): boolean {
  return useSyncExternalStore(subscribe, isOpen);
}

export function toggleInspector(): void {
  sessionStorage.setItem(key, isOpen() ? 'closed' : 'open');
  for (const listener of listeners) listener();
}

function isOpen(): boolean {
  return sessionStorage.getItem(key) === 'open';
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
