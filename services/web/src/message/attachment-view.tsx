import type { Attachment } from '@carillon/client';
import { CircleVideo } from './circle-video.tsx';
import { FileLink } from './file-link.tsx';
import { PictureView } from './picture-view.tsx';
import { VideoView } from './video-view.tsx';
import { VoicePlayer } from './voice-player.tsx';

/** Each kind of attachment in its own way. */
export function AttachmentView({ attachment }: { readonly attachment: Attachment }) {
  switch (attachment.type) {
    case 'image':
      return <PictureView attachment={attachment} />;
    case 'sticker':
      return <PictureView attachment={attachment} isSticker />;
    case 'video':
      return <VideoView attachment={attachment} />;
    case 'voice':
      return <VoicePlayer attachment={attachment} />;
    case 'circle_video':
      return <CircleVideo attachment={attachment} />;
    case 'file':
      return <FileLink attachment={attachment} />;
    default:
      // A newer server's kind is at least a file.
      return <FileLink attachment={attachment} />;
  }
}
