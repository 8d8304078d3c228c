import { z } from 'zod';
import { eventSchema } from '../events/event.ts';
import { countSchema, timeSchema, userIdSchema, uuidSchema } from '../ids.ts';

export const readyFrameSchema = z.object({
  type: z.literal('ready'),
  connection_id: z.string(),
  user_id: userIdSchema,
  shard_id: z.string(),
  heartbeat_ms: countSchema,
  expires_at: timeSchema,
  resumed: z.boolean(),
  degraded: z.boolean(),
});

export const watermarkFrameSchema = z.object({ type: z.literal('watermark'), chat_id: uuidSchema, seq: countSchema });

export const signalFrameSchema = z.object({
  type: z.literal('signal'),
  signal: z.literal('read'),
  chat_id: uuidSchema,
  user_id: userIdSchema,
  message_no: countSchema,
});

export const heartbeatFrameSchema = z.object({
  type: z.literal('heartbeat'),
  sent: countSchema.describe('Frames handed to this socket since `ready`, heartbeats and pongs not counted.'),
  pos: z.string().optional(),
});

export const resyncFrameSchema = z.object({
  type: z.literal('resync'),
  reason: z.enum(['overflow', 'gap', 'takeover', 'degraded', 'recovered']),
});

export const reconnectFrameSchema = z.object({
  type: z.literal('reconnect'),
  reason: z.enum(['drain', 'moved', 'age']),
  url: z.string(),
  ticket: z.string(),
  not_before_ms: countSchema,
});

export const authenticatedFrameSchema = z.object({ type: z.literal('authenticated'), expires_at: timeSchema });

export const pongFrameSchema = z.object({ type: z.literal('pong'), id: z.string().optional() });

/** Every frame that a shard sends. Clients ignore unknown types and fields [P3]. */
export const serverFrameSchema = z.union([
  readyFrameSchema,
  eventSchema,
  watermarkFrameSchema,
  signalFrameSchema,
  heartbeatFrameSchema,
  resyncFrameSchema,
  reconnectFrameSchema,
  authenticatedFrameSchema,
  pongFrameSchema,
]);

export type ReadyFrame = z.infer<typeof readyFrameSchema>;
export type WatermarkFrame = z.infer<typeof watermarkFrameSchema>;
export type SignalFrame = z.infer<typeof signalFrameSchema>;
export type HeartbeatFrame = z.infer<typeof heartbeatFrameSchema>;
export type ResyncFrame = z.infer<typeof resyncFrameSchema>;
export type ReconnectFrame = z.infer<typeof reconnectFrameSchema>;
export type AuthenticatedFrame = z.infer<typeof authenticatedFrameSchema>;
export type PongFrame = z.infer<typeof pongFrameSchema>;
export type ServerFrame = z.infer<typeof serverFrameSchema>;
