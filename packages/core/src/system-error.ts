/** Why the operating system refused something, in words where the code is one that people meet. */
export function systemReason(cause: unknown): string {
  const code = codeOf(cause);
  return (code === undefined ? undefined : words[code]) ?? code ?? String(cause);
}

/** Whether the machine that claw-run itself runs on lacks something, or refuses a file: that is no bug, wherever it comes up. */
export function isLocalFailure(error: unknown): error is NodeJS.ErrnoException {
  const code = codeOf(error) ?? '';
  const { path, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return exhaustions.has(code) || (code in words && path !== undefined && syscall !== undefined);
}

function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

const exhaustions: ReadonlySet<string> = new Set([
  ...['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'],
  ...['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'],
]);

const words: { readonly [code: string]: string } = {
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the quota is used up (EDQUOT)',
  EROFS: 'the file system is read-only (EROFS)',
  EACCES: 'permission denied (EACCES)',
  EPERM: 'not permitted (EPERM)',
  EIO: 'the disk fails (EIO)',
  EFBIG: 'it may not grow further (EFBIG)',
  EMFILE: 'this process has too many files open (EMFILE)',
  ENFILE: 'this machine has too many files open (ENFILE)',
  ENOMEM: 'this machine has no memory left (ENOMEM)',
  EAGAIN: 'this machine takes no more processes (EAGAIN)',
  ENOENT: 'its folder is not there (ENOENT)',
  ENOTDIR: 'a part of its path is no folder (ENOTDIR)',
  EEXIST: 'something else is in its place (EEXIST)',
  EISDIR: 'a folder is in its place (EISDIR)',
  ELOOP: 'its path leads in a circle (ELOOP)',
};
