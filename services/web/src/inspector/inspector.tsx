import { useClient } from '@carillon/client/react';
import { Panel } from './panel.tsx';
import { sideOf } from './side.ts';
import { toggleInspector, useIsOpen } from './use-open.ts';

/** «See it work»: the way of the last messages through the cluster. Fills the layout's slot; renders nothing while it is closed. */
export function Inspector({ chatId }: { readonly chatId: string | undefined }) {
  const side = sideOf(useClient());
  if (!useIsOpen() || side === undefined) return null;
  return <Panel sides={[side]} chatId={chatId} onClose={toggleInspector} />;
}
