import { IconButton } from '../ui/icon-button.tsx';
import { toggleInspector, useIsOpen } from './use-open.ts';

/** Opens and closes the panel. */
export function InspectorButton() {
  const isOpen = useIsOpen();
  return <IconButton icon="pulse" label="See it work" aria-expanded={isOpen} onClick={toggleInspector} />;
}
