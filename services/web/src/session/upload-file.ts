import type { Attachment, Upload } from '@carillon/client';

/**
 * The SDK's `upload` hook: puts a file on the development server, so that a message can point at it. An app of your own puts
 * its file store here. `token` answers the user's token.
 */
export function uploadTo(token: () => Promise<string>): Upload {
  return async (file, { signal }) => {
    if (!(file instanceof File)) throw new Error('not a file');
    const answer = await fetch(`/v1/dev/files?name=${encodeURIComponent(file.name)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await token()}`, 'content-type': file.type || 'application/octet-stream' },
      body: file,
      signal,
    });
    const body: unknown = await answer.json().catch(() => undefined);
    if (!answer.ok) throw new Error(detailOf(body) ?? `the server answered ${answer.status}`);
    const path = typeof body === 'object' && body !== null && 'path' in body ? String(body.path) : '';
    return { ...attachmentOf(file), file_url: new URL(path, globalThis.location.href).href, ...(await shapeOf(file)) };
  };
}

function attachmentOf(file: File): Omit<Attachment, 'file_url'> {
  const recorded = /^(voice|circle_video)-(\d+)ms\.webm$/.exec(file.name);
  const about = { mime_type: file.type || 'application/octet-stream', size_bytes: file.size };
  if (recorded !== null) return { type: recorded[1] === 'voice' ? 'voice' : 'circle_video', ...about, duration_ms: Number(recorded[2]) };
  return { type: kindOf(file.type), name: file.name, ...about };
}

function kindOf(mimeType: string): 'image' | 'video' | 'file' {
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(mimeType)) return 'image';
  return /^video\/(mp4|webm)$/.test(mimeType) ? 'video' : 'file';
}

async function shapeOf(file: File): Promise<{ width?: number; height?: number }> {
  if (kindOf(file.type) !== 'image') return {};
  try {
    const { width, height } = await createImageBitmap(file);
    return { width, height };
  } catch {
    // The server takes it all the same; it is shown without a shape, or as a file.
    return {};
  }
}

function detailOf(body: unknown): string | undefined {
  return typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : undefined;
}
