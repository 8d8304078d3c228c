import { createContext, createElement, type FunctionComponent, type ReactNode, useContext, useSyncExternalStore } from 'react';
import type { ChatHandle, ChatSnapshot, MembersSnapshot } from '../chat-handle.ts';
import type { Client } from '../client.ts';
import type { ConnectionState } from '../connection.ts';
import type { Overview } from '../status.ts';
import type { View } from '../store.ts';

type Skip = { readonly skip?: boolean };

const ClientContext = createContext<Client | undefined>(undefined);
const nobody = () => () => undefined;

/** Gives the hooks below their client. On a server it renders what the client has: nothing is loaded there. */
export const CarillonProvider: FunctionComponent<{ readonly client: Client; readonly children?: ReactNode }> = ({ client, children }) =>
  createElement(ClientContext.Provider, { value: client }, children);

/** The client of the provider above. Throws where there is none. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error('no CarillonProvider above this component');
  return client;
}

/** The connection's state, for a status line. */
export function useConnection(): ConnectionState {
  return useView(useClient().connection);
}

/** The user's chats, newest activity first. */
export function useOverview(): Overview {
  return useView(useClient().overview);
}

/** The handle of a chat: `send`, `edit`, `markRead` … It loads nothing by itself. */
export function useChat(chatId: string): ChatHandle {
  return useClient().chat(chatId);
}

/** The open chat: loaded and followed while the component is there. `skip`: not yet. */
export function useMessages(chatId: string, options: Skip = {}): ChatSnapshot {
  return useView(useClient().chat(chatId), options);
}

/** The chat's members: loaded and followed while the component is there. `skip`: not yet. */
export function useMembers(chatId: string, options: Skip = {}): MembersSnapshot {
  return useView(useClient().chat(chatId).members, options);
}

function useView<T>(view: View<T>, { skip = false }: Skip = {}): T {
  return useSyncExternalStore(skip ? nobody : view.subscribe, view.getSnapshot, view.getSnapshot);
}
