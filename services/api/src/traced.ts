/** Who wants something of which chat, and the trace that the request belongs to. */
export type ChatCommand = { readonly chatId: string; readonly userId: string; readonly traceparent: string | undefined };

/** The trace context as an optional property. */
export function traced(traceparent: string | undefined): { traceparent?: string } {
  return traceparent === undefined ? {} : { traceparent };
}
