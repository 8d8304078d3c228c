import { AppError } from '@carillon/protocol';
import type { HonoRequest } from 'hono';

/** Bytes of a request's body, measured before anything is parsed, whatever Content-Length says [S5]. */
const maxBodyBytes = 64 * 1024;

/** JSON in UTF-8, the only one there is (RFC 8259). */
const jsonMediaType = /^application\/json[ \t]*(;[ \t]*charset[ \t]*=[ \t]*"?utf-?8"?[ \t]*)?$/i;

/**
 * The body as JSON; undefined when there is none and `isOptional`. Throws AppError in this order: `unsupported_media_type`,
 * `payload_too_large`, `malformed_json`.
 */
export async function readBody(request: HonoRequest, isOptional: boolean): Promise<unknown> {
  const mediaType = request.header('content-type');
  const isJson = mediaType !== undefined && jsonMediaType.test(mediaType);
  const encoding = request.header('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') throw new AppError('unsupported_media_type', { detail: 'The body must not be encoded' });
  const isExpected = isJson || isOptional || mediaType === undefined;
  if (!isExpected || (!isJson && announcesBody(request))) throw new AppError('unsupported_media_type');
  const bytes = await readBytes(request);
  if (!isJson && bytes.byteLength > 0) throw new AppError('unsupported_media_type');
  if (bytes.byteLength === 0 && isOptional) return undefined;
  return parseJson(bytes);
}

/** Over HTTP/1.1 a body is announced by one of two headers; only a request made in this process may have one without. */
function announcesBody(request: HonoRequest): boolean {
  const length = request.header('content-length');
  return (length !== undefined && length !== '0') || request.header('transfer-encoding') !== undefined;
}

/** The server's parser holds a body to its Content-Length, so a small one is read at once; any other is counted as it comes. */
async function readBytes(request: HonoRequest): Promise<Uint8Array> {
  const length = Number(request.header('content-length') ?? Number.NaN);
  if (length > maxBodyBytes) throw new AppError('payload_too_large');
  try {
    const bytes = Number.isNaN(length) ? await readCounted(request.raw.body) : new Uint8Array(await request.arrayBuffer());
    if (bytes.byteLength <= maxBodyBytes) return bytes;
  } catch (error) {
    throw new AppError('malformed_json', { detail: 'The body ended before its time', cause: error });
  }
  throw new AppError('payload_too_large');
}

/** Stops reading as soon as the limit is passed; the result is then longer than the limit. */
async function readCounted(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > maxBodyBytes) break;
  }
  return Buffer.concat(chunks);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new AppError('malformed_json', { cause: error });
  }
}
