import { createContext, createElement, type FunctionComponent, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';
import type { ChatHandle, ChatSnapshot, MembersSnapshot } from '../chat-handle.ts';
import type { Client } from '../client.ts';
import type { ConnectionState } from '../connection.ts';
import type { Overview } from '../status.ts';
import type { View } from '../store.ts';
import { oncePerFrame } from './once-per-frame.ts';

type Skip = { readonly skip?: boolean };

/** When components are told: with each change, or at most once per frame of the page. */
type Pace = 'change' | 'frame';

const ClientContext = createContext<Client | undefined>(undefined);
const PaceContext = createContext<Pace>('change');
const nobody = () => () => undefined;

type ProviderProps = { readonly client: Client; readonly pace?: Pace; readonly children?: ReactNode };

/**
 * Gives the hooks below their client. On a server it renders what the client has: nothing is loaded there. With the pace `frame`
 * they render at most once per frame, for chats into which hundreds of messages come in a second.
 */
export const CarillonProvider: FunctionComponent<ProviderProps> = ({ client, pace = 'change', children }) =>
  createElement(ClientContext.Provider, { value: client }, createElement(PaceContext.Provider, { value: pace }, children));

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
  const pace = useContext(PaceContext);
  const subscribe = useMemo(() => {
    if (skip) return nobody;
    return pace === 'frame' ? oncePerFrame(view.subscribe) : view.subscribe;
  }, [view, skip, pace]);
  return useSyncExternalStore(subscribe, view.getSnapshot, view.getSnapshot);
}
