import type { Client } from '@carillon/client';
import { CarillonProvider } from '@carillon/client/react';
import { type ReactNode, useEffect, useState } from 'react';
import { createUserClient } from './user-client.ts';

type Props = { readonly userId: string; readonly create?: (userId: string) => Client; readonly children: ReactNode };

/** A user's client for what is below: made and connected when it is shown, disposed of when it leaves. Several may stand side by side. */
export function UserSession({ userId, create = createUserClient, children }: Props) {
  const [client, setClient] = useState<Client>();
  useEffect(() => {
    const made = create(userId);
    setClient(made);
    // What goes wrong is in the connection's state, which the pill shows.
    made.connect().catch(() => undefined);
    return () => made.dispose();
  }, [userId, create]);
  return client === undefined ? null : (
    <CarillonProvider client={client} pace="frame">
      {children}
    </CarillonProvider>
  );
}
