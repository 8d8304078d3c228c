export { type FileStorageOptions, fileStorage } from './file-storage.ts';
