export { CarillonProvider, useChat, useClient, useConnection, useMembers, useMessages, useOverview } from './hooks.ts';
