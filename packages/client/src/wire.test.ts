import type * as protocol from '@carillon/protocol';
import { expectTypeOf, test } from 'vitest';
import type * as wire from './wire.ts';

/** Intersections of the written types are flattened before they are compared with the inferred ones. */
type Flat<T> = T extends object ? { [K in keyof T]: Flat<T[K]> } : T;

test('[P3] the types of the package are those of the protocol', () => {
  expectTypeOf<Flat<wire.ServerFrame>>().toEqualTypeOf<Flat<protocol.ServerFrame>>();
  expectTypeOf<Flat<wire.ClientFrame>>().toEqualTypeOf<Flat<protocol.ClientFrame>>();
  expectTypeOf<Flat<wire.Event>>().toEqualTypeOf<Flat<protocol.Event>>();
  expectTypeOf<Flat<wire.OverviewPage>>().toEqualTypeOf<Flat<protocol.OverviewPage>>();
  expectTypeOf<Flat<wire.MessagePage>>().toEqualTypeOf<Flat<protocol.MessagePage>>();
  expectTypeOf<Flat<wire.MemberPage>>().toEqualTypeOf<Flat<protocol.MemberPage>>();
  expectTypeOf<Flat<wire.EventPage>>().toEqualTypeOf<Flat<protocol.EventPage>>();
  expectTypeOf<Flat<wire.SyncPage>>().toEqualTypeOf<Flat<protocol.SyncPage>>();
  expectTypeOf<Flat<wire.HeadsPage>>().toEqualTypeOf<Flat<protocol.HeadsPage>>();
  expectTypeOf<Flat<wire.ReadPosition>>().toEqualTypeOf<Flat<protocol.ReadPosition>>();
  expectTypeOf<Flat<wire.Ticket>>().toEqualTypeOf<Flat<protocol.Ticket>>();
  expectTypeOf<Flat<wire.Problem>>().toEqualTypeOf<Flat<protocol.Problem>>();
});
